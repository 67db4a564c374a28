import type { PerwattError } from '../../../protocol/kit/errors.ts'
import { isRow, type Row, rowsOf } from '../../wire/loose-json/fields.ts'
import { noPage } from '../../wire/web-client.ts'
import { linkOf, type Redfish } from './client.ts'

/** The pages of a BMC during one poll or one walk. Each is asked for once, since a BMC takes about a second for each. */
export class Pages {
  readonly #bmc: Redfish
  readonly #signal: AbortSignal
  readonly #asked = new Map<string, Promise<Row | undefined>>()
  /** the first page that the BMC did not give */
  missing: PerwattError | undefined
  /** whether it gave any page */
  answered = false

  constructor(bmc: Redfish, signal: AbortSignal) {
    this.#bmc = bmc
    this.#signal = signal
  }

  /**
   * A resource, or an object in it where the path has a fragment: `/redfish/v1/Chassis/1/Power#/PowerSupplies/0`.
   * @returns undefined for a page that the BMC does not have
   * @throws PerwattError as `Redfish.get`, but not `http-status`
   */
  async row(path: string | undefined): Promise<Row | undefined> {
    if (path === undefined) return undefined
    const [page = '', pointer] = path.split('#')
    const asked =
      this.#asked.get(page) ?? this.#bmc.get(page, this.#signal).catch((error) => this.#absent(error))
    this.#asked.set(page, asked)
    const row = await asked
    if (row) this.answered = true
    if (pointer === undefined) return row
    const inner = pointer
      .split('/')
      .slice(1)
      .reduce<unknown>((at, name) => (at as Row | undefined)?.[name], row)
    return isRow(inner) ? inner : undefined
  }

  /** The paths of a collection's members; none for a page that the BMC does not have. @throws as `row` */
  async members(path: string | undefined): Promise<string[]> {
    return rowsOf(await this.row(path), 'Members').flatMap((member) => linkOf(member) ?? [])
  }

  #absent(error: unknown): undefined {
    noPage(error)
    this.missing ??= error as PerwattError
    return undefined
  }
}
