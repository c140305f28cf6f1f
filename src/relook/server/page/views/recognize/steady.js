// An answer that does not flicker: what is shown stays until another answer has come twice in a row.

const SHARE = 0.4; // Of the newest in what is shown of the same answer again.

const key = (answer) => `${answer.answer}|${answer.label ?? answer.candidates?.[0]?.label ?? ""}`;

export class Steady {
  constructor() {
    this.forget();
  }

  forget() {
    this.shown = null;
    this.rival = null;
  }

  /** Take a new answer; returns {answer, changed}: what to show, and whether it says something else. */
  take(answer) {
    if (this.shown && key(answer) === key(this.shown)) return this.again(answer);
    if (this.shown && key(answer) !== this.rival) {
      this.rival = key(answer);
      return { answer: this.shown, changed: false };
    }
    this.rival = null;
    this.shown = answer;
    return { answer, changed: true };
  }

  /** The same said again: the confidence glides, and the evidence with most matches stays. */
  again(answer) {
    const before = this.shown;
    const better = (answer.evidence?.inliers ?? 0) >= (before.evidence?.inliers ?? 0);
    this.rival = null;
    this.shown = {
      ...answer,
      confidence: before.confidence + SHARE * (answer.confidence - before.confidence),
      evidence: better ? answer.evidence : before.evidence,
      query: better ? answer.query : before.query,
    };
    return { answer: this.shown, changed: false };
  }
}
