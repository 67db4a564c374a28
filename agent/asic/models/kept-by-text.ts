/** A hall has a few dozen models and pools; a list of this many texts is that of a hostile device, and is forgotten whole. */
const MOST_TEXTS = 1000

/**
 * A function of text alone that computes each answer once. Miners say the same name and pool at every poll, and finding a row by its
 * name costs a hundred regular expressions. The answers are shared: never change one.
 */
export function keptByText<T>(of: (text: string) => T): (text: string) => T {
  const answers = new Map<string, T>()
  return (text) => {
    const kept = answers.get(text)
    // undefined is an answer too
    if (kept !== undefined || answers.has(text)) return kept as T
    if (answers.size >= MOST_TEXTS) answers.clear()
    const answer = of(text)
    answers.set(text, answer)
    return answer
  }
}
