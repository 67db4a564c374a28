/**
 * A counter of which another one counts a part: input tokens, and those of them that came from a cache. Servers add to the two at
 * different moments, and some count a part again. The part that this tells never grows by more than the whole, so that neither the
 * part nor the rest ever falls: a counter that falls would be taken for one that started again, and its whole value be counted.
 */
export class PartCounter {
  #whole = 0
  #rest = 0

  /**
   * @param whole cumulative; smaller than before: it started again
   * @param part cumulative, in the same unit
   * @returns the part, cumulative, at most the whole. What the part has too much is told later, as far as the whole grows by more.
   */
  take(whole: number, part: number): number {
    if (whole < this.#whole) this.#rest = 0
    this.#whole = whole
    this.#rest = Math.min(whole, Math.max(this.#rest, whole - part))
    return whole - this.#rest
  }
}
