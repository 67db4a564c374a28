import { isIPv6 } from 'node:net'
import {
  createSession,
  createV3Session,
  ErrorStatus,
  ObjectType,
  RequestFailedError,
  type Session,
  type Varbind,
  Version1,
  Version2c,
} from 'net-snmp'
import { PerwattError, reasonOf } from '../../../protocol/kit/errors.ts'
import { NoAnswer, pause } from '../../../protocol/kit/retry.ts'
import { type SnmpAccess, userOf } from './access.ts'
import { guardedDgram } from './guarded-socket.ts'
import { compareOids, indexBelow, type SnmpValue, valueIn } from './values.ts'

/** The three requests that read; net-snmp's `set` is not reachable through this type. */
type ReadOnly = Pick<Session, 'get' | 'getNext' | 'getBulk' | 'close'>
interface Open {
  session: ReadOnly
  v1: boolean
}

export interface SnmpAddress {
  host: string
  port: number
}

/** A lost packet is sent again after 2 s, then after twice as long each time: a PDU's processor is slow. */
const RESEND_MS = 2000
const RESENDS = 3
const BACKOFF = 2
/** An SNMP agent without version 2c stays silent: version 1 is tried after this long. */
const HEAD_START_MS = 1000
/** 32 values fit an Ethernet packet; an SNMP agent with smaller packets answers tooBig. */
const PER_PACKET = 32
/** No table read here has more rows; a faulty SNMP agent can answer a walk in circles. */
const MAX_ROWS = 2000
const SYS_OBJECT_ID = '1.3.6.1.2.1.1.2.0'

/** A client of one SNMP agent that sends GET, GETNEXT and GETBULK only. */
export class Snmp {
  readonly #address: SnmpAddress
  readonly #access: SnmpAccess
  #open: Open | undefined
  #perPacket = PER_PACKET
  /** the version that the SNMP agent answered, where it was `auto` */
  #found: 1 | '2c' | undefined

  constructor(address: SnmpAddress, access: SnmpAccess) {
    this.#address = address
    this.#access = access
  }

  /**
   * Values by OID, in as few packets as the SNMP agent allows. An OID that the agent does not have is missing from the result.
   * @throws PerwattError `unreachable` or `snmp-refused`; the signal's reason when it ends the wait
   */
  async get(oids: readonly string[], signal: AbortSignal): Promise<Map<string, SnmpValue>> {
    const values = new Map<string, SnmpValue>()
    let rest = [...oids]
    while (rest.length > 0) {
      const batch = rest.slice(0, this.#perPacket)
      try {
        for (const v of await this.#ask('get', batch, signal)) {
          const value = valueIn(v)
          if (value !== undefined) values.set(v.oid, value)
        }
        rest = rest.slice(batch.length)
      } catch (error) {
        if (isStatus(error, ErrorStatus.TooBig) && batch.length > 1)
          this.#perPacket = Math.ceil(batch.length / 2)
        // version 1 answers a missing OID with an error for the whole packet, which names that OID
        else if (isStatus(error, ErrorStatus.NoSuchName))
          rest = rest.filter((oid) => oid !== (oidNamedIn(error, batch) ?? batch[0]))
        else throw this.#explained(error, signal)
      }
    }
    return values
  }

  /** All values below an OID, in the walk's order, by the part after it (`1.7`). @throws as `get` */
  async walk(base: string, signal: AbortSignal): Promise<Map<string, SnmpValue>> {
    const rows = new Map<string, SnmpValue>()
    for (let at = base, repetitions = PER_PACKET; rows.size < MAX_ROWS; ) {
      try {
        const found = await this.#ask('next', [at], signal, repetitions)
        if (found.length === 0) return rows
        for (const v of found) {
          const index = indexBelow(base, v.oid)
          const ends = v.type === ObjectType.EndOfMibView || index === undefined
          if (ends || compareOids(v.oid, at) <= 0) return rows
          const value = valueIn(v)
          if (value !== undefined) rows.set(index, value)
          at = v.oid
        }
      } catch (error) {
        // version 1 ends a walk with this error
        if (isStatus(error, ErrorStatus.NoSuchName)) return rows
        const tooMuch = isStatus(error, ErrorStatus.TooBig) || isStatus(error, ErrorStatus.GeneralError)
        if (!tooMuch || repetitions === 1) throw this.#explained(error, signal)
        repetitions = Math.ceil(repetitions / 4)
      }
    }
    return rows
  }

  close(): void {
    this.#open?.session.close()
    this.#open = undefined
  }

  async #ask(how: 'get' | 'next', oids: string[], signal: AbortSignal, repetitions = 1): Promise<Varbind[]> {
    signal.throwIfAborted()
    this.#open ??= await this.#negotiate(signal)
    return ask(this.#open, how, oids, signal, repetitions)
  }

  /** For `auto`, tries version 2c, and version 1 beside it after HEAD_START_MS: the first answer decides. */
  async #negotiate(signal: AbortSignal): Promise<Open> {
    const { v3 } = this.#access
    const version = this.#found ?? this.#access.version
    if (v3) return { session: this.#session(userOf(v3)), v1: false }
    if (version !== 'auto') return { session: this.#session(version), v1: version === 1 }
    const tried: Open[] = []
    const decided = new AbortController()
    const attempt = async (candidate: 1 | '2c', afterMs: number): Promise<Open> => {
      if (afterMs > 0 && !(await pause(afterMs, decided.signal)))
        throw new Error('the other version answered')
      const open = { session: this.#session(candidate), v1: candidate === 1 }
      tried.push(open)
      await ask(open, 'get', [SYS_OBJECT_ID], decided.signal).catch((error: unknown) => {
        if (!(error instanceof RequestFailedError)) throw error
      })
      return open
    }
    const leave = () => decided.abort(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    try {
      const found = await Promise.any([attempt('2c', 0), attempt(1, HEAD_START_MS)])
      for (const { session } of tried) if (session !== found.session) session.close()
      this.#found = found.v1 ? 1 : '2c'
      return found
    } catch (error) {
      for (const { session } of tried) session.close()
      throw error
    } finally {
      signal.removeEventListener('abort', leave)
      decided.abort()
    }
  }

  #session(as: ReturnType<typeof userOf> | 1 | '2c'): ReadOnly {
    const { host, port } = this.#address
    const options = {
      port,
      transport: isIPv6(host) ? 'udp6' : 'udp4',
      timeout: RESEND_MS,
      retries: RESENDS,
      backoff: BACKOFF,
      dgramModule: guardedDgram(port),
    } as const
    const session =
      typeof as === 'object'
        ? createV3Session(host, as, options)
        : createSession(host, this.#access.community.reveal(), {
            ...options,
            version: as === 1 ? Version1 : Version2c,
          })
    // a packet that is not SNMP: net-snmp sends the request again, or times out
    session.on('error', () => {})
    return session
  }

  #explained(error: unknown, signal: AbortSignal): Error {
    // a new socket for the next request: a late answer must not be taken for it, and an SNMPv3 engine may have restarted
    this.close()
    const { host, port } = this.#address
    const { v3 } = this.#access
    const next = `check power and network, that SNMP is on, and ${v3 ? 'the user' : 'the community'}`
    if (signal.aborted) {
      const { reason } = signal
      // SNMP agents stay silent where the community is wrong
      return reason instanceof NoAnswer
        ? new PerwattError('unreachable', `${reasonOf(reason)} from ${host}:${port}; ${next}`)
        : reason
    }
    const reason = error instanceof AggregateError ? reasonOf(error.errors[0]) : reasonOf(error)
    if (error instanceof RequestFailedError)
      return new PerwattError(
        'snmp-refused',
        `${host}:${port} answers ${reason}; check that ${v3 ? `user ${v3.user}` : 'the community'} may read all of it`,
      )
    if ((error as Error).name === 'ResponseInvalidError')
      return new PerwattError(
        'snmp-refused',
        `${host}:${port} refuses: ${reason}; check ${v3 ? 'user, passwords and protocols' : 'version and community'}`,
      )
    return new PerwattError('unreachable', `no SNMP answer from ${host}:${port}: ${reason}; ${next}`)
  }
}

/** One request as a promise; GETBULK where there are repetitions and the version is not 1. */
function ask(
  { session, v1 }: Open,
  how: 'get' | 'next',
  oids: string[],
  signal: AbortSignal,
  repetitions = 1,
): Promise<Varbind[]> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    const answered = (error: Error | null, varbinds?: (Varbind | Varbind[])[]) => {
      signal.removeEventListener('abort', leave)
      if (error) reject(error)
      else resolve((varbinds ?? []).flat())
    }
    if (how === 'get') session.get(oids, answered)
    else if (v1 || repetitions === 1) session.getNext(oids, answered)
    else session.getBulk(oids, 0, repetitions, answered)
  })
}

const isStatus = (error: unknown, status: ErrorStatus): error is Error =>
  error instanceof RequestFailedError && error.status === status

/** The OID that a version 1 error names, which net-snmp gives in the message only. */
const oidNamedIn = (error: Error, requested: readonly string[]): string | undefined =>
  requested.find((oid) => error.message.endsWith(` ${oid}`))
