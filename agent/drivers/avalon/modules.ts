import type { Board, Fan } from '../../asic/facts.ts'
import { numbersOf, type Row, rowsOf } from '../../wire/loose-json/fields.ts'
import { avalonFaults } from './errors.ts'

/**
 * A mining module of an Avalon, from text such as `Ver[1246-83-...] GHSspd[81072.68] PS[0 1214 1316 242 3189 1320 3504] ...`.
 * That is the value of `MM ID0` in `estats` and `stats` (A10 to A15), or of `MM ID0:Summary` beside `HBinfo` (Home series).
 * PS is [error, controller V x 100, board V x 100, board A, board W (DC), set V x 100, wall W]; on the A10 it ends before the
 * wall watts.
 */
export class Module {
  readonly #fields: ReadonlyMap<string, string>
  /** chip temperatures, one list for each board; empty where the firmware gives none */
  readonly #chips: readonly (readonly number[])[]

  constructor(summary: string, boards: string) {
    this.#fields = new Map(fieldsOf(summary))
    this.#chips = [...fieldsOf(summary), ...fieldsOf(boards)]
      .filter(([name]) => /^PVT_T\d+$/.test(name))
      .map(([, value]) => numbersOf(value.trim()))
  }

  text(name: string): string | undefined {
    return this.#fields.get(name)?.trim() || undefined
  }

  /** The numbers in the first of these fields that exists. */
  numbers(...names: string[]): number[] {
    const name = names.find((n) => this.#fields.has(n))
    return name === undefined ? [] : numbersOf(this.text(name))
  }

  /** The first number in the first of these fields that exists, where it is >= 0. */
  nonNegative(...names: string[]): number | undefined {
    const first = this.numbers(...names)[0]
    return first !== undefined && first >= 0 ? first : undefined
  }

  get chipTempsC(): number[] {
    return this.#chips.flat()
  }

  /** Empty where the module lists none, as those of the Avalon 7 to 9 do. */
  boards(): Board[] {
    const ghs = this.numbers('MGHS')
    const count = Math.max(ghs.length, this.#chips.length, this.numbers('MTmax').length)
    const chipsFitted = (this.nonNegative('TA') ?? 0) / count || undefined
    return Array.from({ length: count }, (_, i) => ({
      name: `hashboard ${i}`,
      hashrateHs: ghs[i] === undefined ? undefined : ghs[i] * 1e9,
      // a chip that does not answer has the temperature 0 or below
      chipsWorking: this.#chips[i]?.filter((tempC) => tempC > 0).length,
      chipsFitted,
    }))
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
    const supply = this.numbers('PS')[0] ?? 0
    return [
      ...(supply > 0 ? [`power supply: error ${supply}`] : []),
      ...avalonFaults('controller', this.nonNegative('ECMM') ?? 0),
      ...this.numbers('ECHU').flatMap((code, i) => avalonFaults(`hashboard ${i}`, code)),
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
