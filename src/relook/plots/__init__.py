"""Numbers → pictures: result sheets, answers and why they are believed, heat maps, curves.

Everything is drawn with NumPy, OpenCV and Pillow and the fonts that these carry, so that a sheet
looks the same on a machine without any font of its own.
"""

from relook.plots.curves import Curve, draw_curves
from relook.plots.heat import class_heat, save_class_heat
from relook.plots.lines import match_lines
from relook.plots.saving import save_page
from relook.plots.sheet import SheetQuery, SheetResult, result_sheet, save_sheet
from relook.plots.verdict import draw_verdict, save_verdict

__all__ = [
    "Curve",
    "SheetQuery",
    "SheetResult",
    "class_heat",
    "draw_curves",
    "draw_verdict",
    "match_lines",
    "result_sheet",
    "save_class_heat",
    "save_page",
    "save_sheet",
    "save_verdict",
]
