/**
 * The value of a formula of the collector: names of `inputs`, numbers, + - * / ( ) and round(), in double precision from left to
 * right. Undefined if it is malformed or an input is missing. The content security policy forbids `eval`.
 */
export function evaluate(formula: string, inputs: Readonly<Record<string, number>>): number | undefined {
  const words = formula.match(/[A-Za-z]\w*|\d+(?:\.\d+)?(?:e[+-]?\d+)?|\S/g) ?? []
  let at = 0
  const factor = (): number => {
    const word = words[at++] ?? ''
    if (word === '-') return -factor()
    if (word === '(') return closed(sum())
    if (word === 'round' && words[at] === '(') {
      at++
      return Math.round(closed(sum()))
    }
    return inputs[word] ?? (/^\d/.test(word) ? Number(word) : Number.NaN)
  }
  const closed = (value: number): number => (words[at++] === ')' ? value : Number.NaN)
  const product = (): number => {
    let value = factor()
    while (words[at] === '*' || words[at] === '/')
      value = words[at++] === '*' ? value * factor() : value / factor()
    return value
  }
  const sum = (): number => {
    let value = product()
    while (words[at] === '+' || words[at] === '-')
      value = words[at++] === '+' ? value + product() : value - product()
    return value
  }
  const value = sum()
  return at === words.length && Number.isFinite(value) ? value : undefined
}
