import type { Board, Fan } from '../../asic/facts.ts'
import { fromGhs } from '../../asic/hashrates.ts'
import { listOf, numbersOf, type Row, rowsOf } from '../../wire/loose-json/fields.ts'
import { avalonFaults } from './errors.ts'
import { type Supply, supplyOf } from './supply.ts'

/**
 * A mining module of an Avalon, from text such as `Ver[1246-83-...] GHSspd[81072.68] PS[0 1214 1316 242 3189 1320 3504] ...`.
 * That is the value of `MM ID0` in `estats` and `stats` (A10 to A15, Nano), or of `MM ID0:Summary` beside `HBinfo` (Home series).
 */
export class Module {
  readonly #fields: ReadonlyMap<string, string>
  /** chip temperatures by the board's number; empty where the firmware gives none */
  readonly #chips: ReadonlyMap<number, readonly number[]>

  constructor(summary: string, boards: string) {
    const own = fieldsOf(summary)
    this.#fields = new Map(own)
    this.#chips = new Map(
      [...own, ...fieldsOf(boards)].flatMap(([name, value]): [number, number[]][] => {
        const board = name.startsWith('PVT_T') ? /^PVT_T(\d{1,2})$/.exec(name)?.[1] : undefined
        return board === undefined ? [] : [[Number(board), numbersOf(value)]]
      }),
    )
  }

  text(name: string): string | undefined {
    return this.#fields.get(name)?.trim() || undefined
  }

  /** The numbers in the first of these fields that exists. */
  numbers(...names: string[]): number[] {
    const name = names.find((n) => this.#fields.has(n))
    return name === undefined ? [] : numbersOf(this.text(name))
  }

  /** What stands in each place of a list. */
  list(name: string): (number | undefined)[] {
    return this.#fields.has(name) ? listOf(this.text(name)) : []
  }

  /** The first number in the first of these fields that exists, where it is >= 0. */
  nonNegative(...names: string[]): number | undefined {
    const first = this.numbers(...names)[0]
    return first !== undefined && first >= 0 ? first : undefined
  }

  get chipTempsC(): number[] {
    return [...this.#chips.values()].flat()
  }

  /** Empty where the module lists none, as those of the Avalon 7 to 9 do. */
  boards(): Board[] {
    const ghs = this.list('MGHS')
    const numbered = Math.max(0, ...[...this.#chips.keys()].map((board) => board + 1))
    const count = Math.max(ghs.length, numbered, this.list('MTmax').length)
    // a list with a place too few or too many does not say whose it is
    const rates = ghs.length === count ? ghs : []
    const chipsFitted = (this.nonNegative('TA') ?? 0) / count || undefined
    return Array.from({ length: count }, (_, i) => ({
      name: `hashboard ${i}`,
      hashrateHs: fromGhs(rates[i]),
      // a chip that does not answer has the temperature 0 or below
      chipsWorking: this.#chips.get(i)?.filter((tempC) => tempC > 0).length,
      chipsFitted,
    }))
  }

  /** The watts of its power supply; absent: the module has no list of it. */
  supply(): Supply | undefined {
    const list = this.list('PS')
    // the A15 names the wall's watts too, so no places need be known
    const namedW = this.nonNegative('WALLPOWER')
    return list.some((place) => place !== undefined) || namedW ? supplyOf(list, namedW) : undefined
  }

  fans(): Fan[] {
    return (
      [...this.#fields.keys()]
        // the Avalon 7 to 9 have one fan, without a number
        .filter((name) => /^Fan\d*$/.test(name))
        .flatMap((name) => this.numbers(name).map((rpm) => ({ name: `fan ${name.slice(3)}`.trim(), rpm })))
    )
  }

  faults(): string[] {
    const supply = this.list('PS')[0] ?? 0
    return [
      ...(supply > 0 ? [`power supply: error ${supply}`] : []),
      ...avalonFaults('controller', this.nonNegative('ECMM') ?? 0),
      ...this.list('ECHU').flatMap((code = 0, i) => avalonFaults(`hashboard ${i}`, code)),
    ]
  }
}

/** The modules in a reply of `estats` or `stats`. */
export function avalonModules(body: Row | undefined): Module[] {
  return rowsOf(body, 'STATS').flatMap((row) =>
    Object.entries(row)
      .filter(([key]) => /^MM ID\d+(:Summary)?$/.test(key))
      .map(([, value]) => new Module(String(value), String(row['HBinfo'] ?? ''))),
  )
}

const fieldsOf = (text: string): [string, string][] =>
  [...text.matchAll(/\b(\w+)\[([^[\]]*)\]/g)].map(([, name = '', value = '']) => [name, value])
