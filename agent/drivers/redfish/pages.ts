import { PerwattError } from '../../../protocol/kit/errors.ts'
import { deadlineOf, NoAnswer, withDeadline } from '../../../protocol/kit/retry.ts'
import { isRow, type Row, rowsOf, textOf } from '../../wire/loose-json/fields.ts'
import { noPage } from '../../wire/web-client.ts'
import { linkOf, type Redfish } from './client.ts'

/** The length of a poll whose signal does not tell it. */
export const UNTOLD_MS = 3000
/** What one page may take of the time that is left, where another page can stand in for it. */
const SHARE = 0.75
/** of one collection */
const MOST_PAGES = 16

/** What is known of the pages that were asked for in this poll or walk. */
interface Known {
  asked: Map<string, Promise<Row | undefined>>
  missing?: PerwattError
  answered: boolean
  failed: boolean
}

/** The pages of a BMC during one poll or one walk. Each is asked for once, since a BMC takes about a second for each. */
export class Pages {
  readonly #bmc: Redfish
  readonly #signal: AbortSignal
  readonly #known: Known
  /** the most that one page may take, ms; absent: all the time that is left */
  readonly #mostMs: number | undefined
  /** whether the BMC gave any page to this object */
  answered = false

  constructor(
    bmc: Redfish,
    signal: AbortSignal,
    known: Known = { asked: new Map(), answered: false, failed: false },
    mostMs?: number,
  ) {
    this.#bmc = bmc
    this.#signal = signal
    this.#known = known
    this.#mostMs = mostMs
  }

  /** The first page that the BMC does not have. */
  get missing(): PerwattError | undefined {
    return this.#known.missing
  }

  /** Whether the BMC gave any page in this poll or walk. */
  get anyAnswered(): boolean {
    return this.#known.answered
  }

  /** Whether a page failed that the BMC may have: the walk saw less than there is. */
  get failed(): boolean {
    return this.#known.failed
  }

  /**
   * The same pages, of which none takes more than its share, so that another place can still be asked.
   * @param pollMs the length of a poll; one page of a longer walk takes no more than its share of that
   */
  shared(pollMs: number): Pages {
    return new Pages(this.#bmc, this.#signal, this.#known, pollMs * SHARE)
  }

  /** The same pages without a share. */
  whole(): Pages {
    return new Pages(this.#bmc, this.#signal, this.#known)
  }

  /** The same pages for a part of the poll. @param signal ends it */
  within(signal: AbortSignal): Pages {
    return new Pages(this.#bmc, signal, this.#known, this.#mostMs)
  }

  /** Runs work with so much of the time that is left. @throws NoAnswer where it takes longer; as the work */
  async forPart<T>(part: number, pollMs: number, work: (pages: Pages) => Promise<T>): Promise<T> {
    const { atMs } = deadlineOf(this.#signal) ?? { atMs: performance.now() + pollMs }
    const ms = Math.max(1, Math.min(pollMs, atMs - performance.now()) * part)
    return withDeadline((own) => work(this.within(own)), ms, this.#signal)
  }

  /** @throws the signal's reason when the poll or walk is over */
  throwIfOver(): void {
    this.#signal.throwIfAborted()
  }

  /**
   * A resource, or an object in it where the path has a fragment: `/redfish/v1/Chassis/1/Power#/PowerSupplies/0`.
   * @returns undefined for a page that the BMC does not have
   * @throws PerwattError `no-reply` where it takes more than its share; as `Redfish.get`, but not `http-status`
   */
  async row(path: string | undefined): Promise<Row | undefined> {
    if (path === undefined) return undefined
    const [page = '', pointer] = path.split('#')
    const asked = this.#known.asked.get(page) ?? this.#get(page).catch((error) => this.#absent(error))
    this.#known.asked.set(page, asked)
    const row = await asked
    if (row) this.answered = this.#known.answered = true
    if (pointer === undefined) return row
    const inner = pointer
      .split('/')
      .slice(1)
      .reduce<unknown>((at, name) => (at as Row | undefined)?.[name], row)
    return isRow(inner) ? inner : undefined
  }

  /** As `row`, for a page that is only asked to know more: undefined where it fails too. */
  async maybe(path: string | undefined): Promise<Row | undefined> {
    try {
      return await this.row(path)
    } catch (error) {
      this.throwIfOver()
      if (!(error instanceof PerwattError)) throw error
      return undefined
    }
  }

  /** The paths of a collection's members; none for a page that the BMC does not have. @throws as `row` */
  async members(path: string | undefined): Promise<string[]> {
    const members: string[] = []
    let next = path
    // a long collection comes in pages (DSP0266, Members@odata.nextLink)
    for (let i = 0; i < MOST_PAGES && next !== undefined; i++) {
      const collection: Row | undefined = await this.row(next)
      members.push(...membersOf(collection))
      const link: string | undefined = textOf(collection, 'Members@odata.nextLink', '@odata.nextLink')
      next = link?.startsWith('/') ? link : undefined
    }
    return members
  }

  /** As `members`; none for a collection that fails. */
  async maybeMembers(path: string | undefined): Promise<string[]> {
    try {
      return await this.members(path)
    } catch (error) {
      this.throwIfOver()
      if (!(error instanceof PerwattError)) throw error
      return []
    }
  }

  async #get(page: string): Promise<Row> {
    if (this.#mostMs === undefined) return this.#bmc.get(page, this.#signal)
    const { atMs } = deadlineOf(this.#signal) ?? { atMs: Number.POSITIVE_INFINITY }
    const ms = Math.max(1, Math.round(Math.min(this.#mostMs, (atMs - performance.now()) * SHARE)))
    try {
      return await withDeadline((own) => this.#bmc.get(page, own), ms, this.#signal)
    } catch (error) {
      if (!(error instanceof NoAnswer) || this.#signal.aborted) throw error
      throw new PerwattError(LATE, `no answer in ${ms} ms to ${page}; check the BMC's load, or restart it`)
    }
  }

  #absent(error: unknown): undefined {
    try {
      noPage(error)
    } catch (other) {
      this.#known.failed = true
      throw other
    }
    this.#known.missing ??= error as PerwattError
    return undefined
  }
}

/** The error code of a page that took more than its share. */
export const LATE = 'no-reply'

const membersOf = (collection: Row | undefined): string[] =>
  rowsOf(collection, 'Members').flatMap((member) => linkOf(member) ?? [])
