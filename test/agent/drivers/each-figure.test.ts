import { describe, expect, test } from 'vitest'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { QUANTITIES } from '../../../protocol/quantities.ts'
import { sessionWith, startAnyMachine } from '../any-machine.ts'
import { soon } from '../asic-harness.ts'
import { LOGINS } from '../disturbed.ts'
import { EXCHANGES, exchanged, type FigureInText, figuresIn } from '../figures-in-text.ts'
import { inventedMachines, type RecordedMachine } from '../recorded-machines.ts'

interface Figures {
  values: ReadonlyMap<string, number>
  faults: ReadonlySet<string>
}

const figuresOf = ({ identity, sample }: Reading): Figures => {
  const named = [...QUANTITIES.map((q) => [q, sample[q]] as const)]
  const all = [...named, ['expectedHashrateHs', identity.expectedHashrateHs] as const]
  return {
    values: new Map(all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    faults: new Set(sample.faults),
  }
}

const changedIn = (before: Figures, after: Figures | undefined): string[] =>
  after ? [...before.values].flatMap(([name, value]) => (after.values.get(name) === value ? [] : [name])) : []

/** What no other figure of a reply is held against: only its range is known. */
const ALONE = new Set(['uptimeS', 'inletTempC', 'boardTempC'])
/** What is held against one other figure, and only where that is told. */
const WITNESS: Readonly<Record<string, string>> = { powerLimitW: 'powerW', hashrateAvgHs: 'hashrateHs' }
/** 65535 is a word for none in fields of 16 bits; a hashrate, a count of shares or seconds can be just that. */
const OF_16_BITS = /^(power|fan|temp|chips|boards)/

/** Both wrong units, and some of the others in turn: together the machines meet each of them many times. */
const exchangesFor = ({ from }: FigureInText) => EXCHANGES.filter((_, i) => i < 2 || (i + from) % 3 === 0)

/** What is wrong after a figure was exchanged: a figure that is not its own is lost, or a wrong one is used without a word. */
function wrongIn(whole: Figures, after: Figures, own: ReadonlySet<string>): string[] {
  const told = [...after.faults].some((fault) => !whole.faults.has(fault))
  return [...whole.values].flatMap(([name, value]) => {
    const now = after.values.get(name)
    if (now === undefined) return own.has(name) ? [] : [`${name} is lost`]
    if (told || ALONE.has(name) || value === 0 || !whole.values.get(WITNESS[name] ?? name)) return []
    return now >= value / 2 && now <= value * 2 ? [] : [`${name} ${value} became ${now}`]
  })
}

async function held({ driver, answers: recorded }: RecordedMachine): Promise<void> {
  const answers: Record<string, string> = { ...LOGINS, ...recorded }
  const server = await startAnyMachine(answers)
  const readWith = async (name: string, text: string): Promise<Figures | undefined> => {
    Object.assign(answers, recorded, { [name]: text })
    const session = sessionWith(driver, server, true)
    try {
      const [reading] = await session.read(soon())
      return reading && figuresOf(reading)
    } catch {
      return undefined
    } finally {
      session.close?.()
    }
  }
  const tryFigure = async (name: string, text: string, whole: Figures, figure: FigureInText) => {
    const set = (by: number | string) => readWith(name, exchanged(text, figure, by))
    const isSame = (after: Figures | undefined) =>
      after?.faults.size === whole.faults.size && changedIn(whole, after).length === 0
    if (isSame(await set(figure.value * 1000))) return { wrong: [], moved: false }
    const own = new Set([
      ...changedIn(whole, await set(figure.value * 1.02)),
      ...changedIn(whole, await set('N/A')),
    ])
    const wrong: string[] = []
    for (const [words, by] of exchangesFor(figure)) {
      if (words === '65535' && ![...own].every((quantity) => OF_16_BITS.test(quantity))) continue
      const after = await set(by(figure.value))
      const found = after ? wrongIn(whole, after, own) : ['no reading']
      wrong.push(...found.map((fault) => `${name}, ${figure.field}, ${words}: ${fault}`))
    }
    return { wrong, moved: true }
  }
  try {
    const wrong: string[] = []
    let moved = 0
    for (const [name, text] of Object.entries(recorded)) {
      const whole = await readWith(name, text)
      if (!whole) throw new Error('the recorded answers can’t be read')
      for (const figure of figuresIn(text)) {
        const tried = await tryFigure(name, text, whole, figure)
        wrong.push(...tried.wrong)
        if (tried.moved) moved++
      }
    }
    expect(wrong).toEqual([])
    expect(moved).toBeGreaterThan(1)
  } finally {
    await server.close()
  }
}

describe('a figure that is another, or a word for none, is absent or told, and takes no other with it', () => {
  test.concurrent.each(inventedMachines())('$name', held)
})
