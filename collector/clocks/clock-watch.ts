import { CLOCK_TOLERANCE_MS, EARLIEST_RIGHT_MS } from '../../protocol/clock-tolerance.ts'
import { bootId } from '../../protocol/kit/boot.ts'
import type { Clock, Instant } from '../../protocol/kit/clock.ts'
import { KERNEL_ANSWER_MS } from '../../protocol/kit/kernel-clock.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { StepWatch } from '../../protocol/kit/step-watch.ts'
import { hostNameOf, isOwnHost } from '../../protocol/kit/this-program.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import type { ClockSituation } from '../plugin/situation.ts'
import { AgentOffsets } from './agent-offsets.ts'
import { confirms, type Judgement, judgeClocks, type OtherClock } from './judge.ts'

/** A server's time counts for this long. */
const DATE_MS = 15 * MINUTE_MS
const MOST_SERVERS = 20
/** A clock that shows a later time than this after the newest record must be confirmed by another. */
const AFTER_RECORD_MS = 24 * HOUR_MS
/** After a start or a step it waits this long for a clock that contradicts, before it settles. */
const LISTEN_MS = 2 * MINUTE_MS
const KERNEL_EVERY_MS = MINUTE_MS
/** Anybody may publish under any name. */
const MOST_AGENTS = 10_000
/** After this computer's clock was set, what its kernel and the agents on it say of NTP may be of before. */
const OLD_NEWS_MS = 2 * MINUTE_MS

export interface ClockWatchOptions {
  clock: Clock
  log: Log
  /** whether NTP keeps this computer's clock; undefined: not known */
  isSynchronised: () => Promise<boolean | undefined>
  /** tells which start of the computer the steady clock begins with; what the kernel says where absent */
  boot?: string
}

/**
 * The collector's clock beside those of its agents, the kernel's NTP and the servers that it asks for prices. Says whether it can be
 * trusted: nothing is deleted or settled by a clock that others contradict.
 */
export class ClockWatch {
  readonly #o: ClockWatchOptions
  /** tells which start of the computer the steady clock begins with */
  readonly boot: string
  readonly #watch: StepWatch
  readonly #offsets = new AgentOffsets()
  readonly #keptByNtp = new Map<string, boolean>()
  readonly #servers = new Map<string, { aheadMs: number; steadyMs: number }>()
  /** steady clock at the start, or when the clock was set by more than the tolerance */
  #begunMs: number
  /** steady clock when the clock was set last by more than the tolerance, at once or by and by */
  #setMs = Number.NEGATIVE_INFINITY
  /** by how much it was set since it was confirmed last, ms: small steps add up */
  #steppedMs = 0
  #ownNtp: boolean | undefined
  #askedKernelMs = Number.NEGATIVE_INFINITY
  #judgement: Judgement = judgeClocks([])
  /** it went on from the newest record at the start, was not set since, and no clock has contradicted */
  #goesOn = false
  /** another clock has agreed since the start or the last step, and none has contradicted since */
  #agreed = false
  /** a clock that is not this computer's own has agreed since the start or the last step, and none has contradicted since */
  #confirmed = false
  /** whether an agent runs on this computer, and shows the same clock; absent: it has not said where it runs, and may */
  readonly #beside = new Map<string, boolean>()
  /** on which computer an agent runs: the agents of one have one clock */
  readonly #computers = new Map<string, string>()
  #newestRecordMs: number | undefined

  constructor(options: ClockWatchOptions) {
    this.#o = options
    this.boot = options.boot ?? bootId()
    this.#watch = new StepWatch(options.clock)
    this.#begunMs = options.clock.now().steadyMs
  }

  /** @param newestMs start of the newest record in the store, Unix ms; absent: it has none */
  start(newestMs: number | undefined): void {
    this.#newestRecordMs = newestMs
    this.#goesOn = this.#canBeRight && this.#followsRecords
  }

  /**
   * Whether an agent runs on this computer. Its clock may contradict this one, but says nothing more where it agrees.
   * @param yes absent: not known
   * @param computer on which it runs; absent: not known, or one that no other agent runs on
   */
  besideMe(agentId: string, yes: boolean | undefined, computer?: string): void {
    if (computer === undefined) this.#computers.delete(agentId)
    else if (this.#computers.has(agentId) || this.#computers.size < MOST_AGENTS)
      this.#computers.set(agentId, computer)
    if (yes === undefined) this.#beside.delete(agentId)
    else if (this.#beside.has(agentId) || this.#beside.size < MOST_AGENTS) this.#beside.set(agentId, yes)
  }

  /** A live or status message came. @param sentAtMs the time that it says */
  heard(agentId: string, sentAtMs: number): void {
    const { wallMs, steadyMs } = this.#look()
    this.#offsets.heard(agentId, wallMs - sentAtMs, steadyMs)
  }

  /** An agent says whether NTP keeps its clock. */
  keptByNtp(agentId: string, yes: boolean | undefined): void {
    if (yes && !this.#isOldNews(agentId)) this.#keptByNtp.set(agentId, yes)
    else this.#keptByNtp.delete(agentId)
  }

  /** A server's answer says what time it is. @param tookMs from the request to the answer */
  heardServer(host: string, dateMs: number, tookMs: number): void {
    const { wallMs, steadyMs } = this.#look()
    if (!this.#servers.has(host) && this.#servers.size >= MOST_SERVERS) return
    // the text has whole seconds
    this.#servers.set(host, { aheadMs: dateMs + 500 - (wallMs - tookMs / 2), steadyMs })
  }

  /** Judges the clocks; call it every second. */
  tick(): void {
    const { steadyMs } = this.#look()
    if (steadyMs - this.#askedKernelMs >= KERNEL_EVERY_MS) {
      this.#askedKernelMs = steadyMs
      void this.#o.isSynchronised().then((yes) => {
        // the answer may be of before the clock was set
        if (this.#askedKernelMs === steadyMs) this.#ownNtp = yes
      })
    }
    const others = this.#others(steadyMs)
    const before = this.#judgement
    this.#judgement = judgeClocks(others)
    const { collector, collectorAheadMs } = this.#judgement
    if (collector !== 'right') this.#goesOn = this.#agreed = this.#confirmed = false
    // one that contradicts confirms nothing, also where the others are more
    else if (others.some(({ aheadMs }) => Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS)) {
      this.#agreed = true
      if (others.some(confirms)) {
        this.#confirmed = true
        this.#steppedMs = 0
      }
    }
    if (collectorAheadMs !== undefined && before.collector !== 'wrong')
      this.#o.log.error(
        'this clock is wrong: the others agree with each other and not with it; check NTP here',
        {
          aheadS: Math.round(collectorAheadMs / 1000),
        },
      )
  }

  get situation(): ClockSituation {
    return { ...this.#judgement, nowMs: this.#o.clock.now().wallMs }
  }

  /** Whether the collector's clock and this agent's don't agree. */
  inDoubt(agentId: string): boolean {
    return (
      !this.#canBeRight ||
      this.#judgement.collector === 'wrong' ||
      this.#judgement.agents.some((agent) => agent.agentId === agentId)
    )
  }

  /** Whether most clocks agree with the collector's, and not with this agent's. */
  isWrongClock(agentId: string): boolean {
    const { collector, agents } = this.#judgement
    const isOf = (clock: (typeof agents)[number]) => clock.agentId === agentId && clock.verdict === 'wrong'
    return collector === 'right' && agents.some(isOf)
  }

  /** Whether other clocks contradict this one, or it shows a time before this version was written. */
  get isWrong(): boolean {
    this.#look()
    return !this.#canBeRight || this.#contradicted
  }

  /** Whether data may be deleted for its age. */
  get mayDelete(): boolean {
    this.#look()
    return this.#canBeRight && !this.#contradicted && this.#isSupported
  }

  /** Whether minutes may be settled because they are over by this clock. */
  get maySettle(): boolean {
    const waited = this.#look().steadyMs - this.#begunMs > LISTEN_MS
    return this.#canBeRight && !this.#contradicted && (this.#isSupported || waited)
  }

  /**
   * Whether a clock that is not this computer's own has agreed since the start, or since it was set. What is settled by it stays then, and a
   * month that is over by it is over.
   */
  get isConfirmed(): boolean {
    this.#look()
    return this.#canBeRight && !this.#contradicted && this.#confirmed
  }

  /** Whether what is in force from now on may begin by it: nothing contradicts it. */
  get mayBegin(): boolean {
    return !this.isWrong
  }

  /** When the collector started, or its clock was set, by this clock: Unix ms. */
  get sinceMs(): number {
    const { wallMs, steadyMs } = this.#look()
    return Math.round(wallMs - (steadyMs - this.#begunMs))
  }

  /** Both clocks of this computer at one moment. */
  get instant(): Instant {
    return this.#look()
  }

  /** Most clocks say that the collector's is wrong, or there are too few to say which is. */
  get #contradicted(): boolean {
    return this.#judgement.collector !== 'right'
  }

  /** Something says that it is right. */
  get #isSupported(): boolean {
    return this.#agreed || this.#goesOn || this.#followsRecords
  }

  get #canBeRight(): boolean {
    return this.#o.clock.now().wallMs >= EARLIEST_RIGHT_MS
  }

  /** The newest record is of about now. */
  get #followsRecords(): boolean {
    if (this.#newestRecordMs === undefined) return false
    const sinceMs = this.#o.clock.now().wallMs - this.#newestRecordMs
    return sinceMs >= -CLOCK_TOLERANCE_MS && sinceMs <= AFTER_RECORD_MS
  }

  #others(steadyMs: number): OtherClock[] {
    const others: OtherClock[] = []
    for (const [agentId, aheadMs] of this.#offsets.ahead(steadyMs)) {
      const isElsewhere = this.isElsewhere(agentId)
      const clockOf = isElsewhere ? (this.#computers.get(agentId) ?? `the computer of ${agentId}`) : undefined
      others.push({ agentId, aheadMs, ...(clockOf === undefined ? { isOwn: true } : { clockOf }) })
      // a clock that NTP keeps has another one behind it: one a computer
      if (this.#keptByNtp.has(agentId)) others.push({ aheadMs, clockOf: ntpOf(clockOf) })
    }
    if (this.#ownNtp) others.push({ aheadMs: 0, clockOf: ntpOf() })
    for (const [host, { aheadMs, steadyMs: heardMs }] of this.#servers)
      if (steadyMs - heardMs > DATE_MS) this.#servers.delete(host)
      else {
        // all ports of a host have one clock
        const whose = isOwnHost(host) ? { isOwn: true as const } : { clockOf: `server ${hostNameOf(host)}` }
        others.push({ third: host, aheadMs, ...whose })
      }
    return others
  }

  /** Whether an agent is known to run on another computer. */
  isElsewhere(agentId: string): boolean {
    return this.#beside.get(agentId) === false
  }

  /** What this agent tells about NTP may be from before this clock was set. */
  #isOldNews(agentId: string): boolean {
    return !this.isElsewhere(agentId) && this.#o.clock.now().steadyMs - this.#setMs < OLD_NEWS_MS
  }

  #look() {
    const { at, stepMs } = this.#watch.look()
    if (stepMs !== 0) {
      this.#o.log.warn('the clock was set', { byS: stepMs / 1000 })
      this.#offsets.clockSet(stepMs)
      for (const server of this.#servers.values()) server.aheadMs -= stepMs
      this.#steppedMs += stepMs
      if (Math.abs(stepMs) > CLOCK_TOLERANCE_MS) this.#begin(at.steadyMs)
      else if (Math.abs(this.#steppedMs) > CLOCK_TOLERANCE_MS) this.#unconfirm(at.steadyMs)
    }
    return at
  }

  /** Whatever agreed with the clock before it was set must agree again. */
  #begin(steadyMs: number): void {
    this.#begunMs = steadyMs
    this.#goesOn = this.#agreed = false
    this.#unconfirm(steadyMs)
    this.#judgement = judgeClocks(this.#others(steadyMs))
  }

  /** A clock of another computer must agree again, by what it says from now on. */
  #unconfirm(steadyMs: number): void {
    this.#setMs = steadyMs
    this.#steppedMs = 0
    this.#confirmed = false
    this.#ownNtp = undefined
    // the kernel says that NTP keeps the clock no more, but its last answer is still given for a while
    this.#askedKernelMs = steadyMs + KERNEL_ANSWER_MS + 1_000 - KERNEL_EVERY_MS
    for (const agentId of this.#keptByNtp.keys())
      if (!this.isElsewhere(agentId)) this.#keptByNtp.delete(agentId)
  }
}

const ntpOf = (computer = 'this computer'): string => `NTP of ${computer}`
