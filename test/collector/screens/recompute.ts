/** Computes the sums of `perwatt-collector explain` again, from its printed text alone. */
export function recompute(text: string): Record<string, number> {
  const sums: Record<string, number> = {
    energyMilliJ: 0,
    revenueNanoUsd: 0,
    costNanoUsd: 0,
    demandNanoUsd: 0,
  }
  const lines = text.split('\n')
  for (const [i, line] of lines.entries()) {
    const [, name, rest] = /^ {2}(\w+) = (.*)$/.exec(line) ?? []
    if (name === undefined || rest === undefined || !(name in sums)) continue
    const inputs = new Map(
      [
        ...(lines[i + 1]?.startsWith('    with ') ? (lines[i + 1] ?? '') : '').matchAll(/(\w+) = ([^,]+)/g),
      ].map(([, input, value]) => [input ?? '', Number(value)]),
    )
    const summed = / {4}(\w+) is the sum of$/.exec(lines[i + 2] ?? '')?.[1]
    if (summed !== undefined) {
      let sum = 0
      for (let k = i + 3; / {6}.+: (-?\d+)$/.test(lines[k] ?? ''); k++)
        sum += Number(/(-?\d+)$/.exec(lines[k] ?? '')?.[1])
      inputs.set(summed, sum)
    }
    // the formula comes before its printed result, which is ignored
    const formula = rest.split(' = ')[0] ?? ''
    const value = evaluate(formula.replace(/ \([a-z]+\)$/, ''), inputs)
    sums[name] = (sums[name] ?? 0) + value
  }
  return sums
}

/** Arithmetic with + - * / ( ) round() in the usual order, left to right. */
export function evaluate(text: string, inputs: ReadonlyMap<string, number>): number {
  const tokens = text.match(/[A-Za-z]\w*|\d+(?:\.\d+)?(?:e[+-]?\d+)?|[-+*/()]/g) ?? []
  let at = 0
  const factor = (): number => {
    const token = tokens[at++] ?? ''
    if (token === '-') return -factor()
    if (token === '(') return closed(sum())
    if (token === 'round') {
      at++
      return Math.round(closed(sum()))
    }
    const value = inputs.get(token) ?? Number(token)
    if (Number.isNaN(value)) throw new Error(`${text}: nothing says what ${token} is`)
    return value
  }
  const closed = (value: number): number => {
    if (tokens[at++] !== ')') throw new Error(`${text}: expected )`)
    return value
  }
  const product = (): number => {
    let value = factor()
    while (tokens[at] === '*' || tokens[at] === '/')
      value = tokens[at++] === '*' ? value * factor() : value / factor()
    return value
  }
  const sum = (): number => {
    let value = product()
    while (tokens[at] === '+' || tokens[at] === '-')
      value = tokens[at++] === '+' ? value + product() : value - product()
    return value
  }
  const value = sum()
  if (at !== tokens.length) throw new Error(`${text}: can't be read`)
  return value
}
