"""Numbers → pictures: result sheets, answers, and the lines that show why a result is believed.

Everything is drawn with NumPy, OpenCV and Pillow and the fonts that these carry, so that a sheet
looks the same on a machine without any font of its own.
"""

from relook.plots.lines import match_lines
from relook.plots.sheet import SheetQuery, SheetResult, result_sheet, save_sheet
from relook.plots.verdict import draw_verdict, save_verdict

__all__ = [
    "SheetQuery",
    "SheetResult",
    "draw_verdict",
    "match_lines",
    "result_sheet",
    "save_sheet",
    "save_verdict",
]
