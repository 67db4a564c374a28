import { every, type Timer } from '../../protocol/kit/timers.ts'
import type { Owner } from '../../protocol/owner.ts'
import type { BudgetSituation } from '../plugin/situation.ts'
import { AgentBudget, type AgentBudgetBounds, type BudgetPart } from './agent-budget.ts'

/** Agents that have a budget each; anybody may publish under any name, and what is beyond them shares one. */
const MOST_AGENTS = 10_000
const ALL_OTHERS = ''
/** The alert stands for this time after an agent last had too much. */
const TOLD_MS = 60_000
/** How often it is looked whether what waits may pass. */
const LOOK_MS = 250

/** A message as it came. */
export interface Arrived {
  agent: string
  /** messages of one lane replace each other while they wait: the newest wins */
  lane: string
  /** records are left to their agent, which keeps them until they are acknowledged */
  plane: 'live' | 'ledger'
  payload: Buffer
  /** deals with it */
  pass(payload: Buffer): void
}

interface Agent {
  budget: AgentBudget
  waiting: Map<string, Arrived>
}

/**
 * Lets no agent take more than its budget, whatever it sends: a message of the live plane waits then, and the newest of its kind
 * replaces it; a message of records is not taken, and its agent sends it again.
 */
export class BudgetGate {
  readonly #bounds: AgentBudgetBounds
  readonly #steadyMs: () => number
  readonly #cpuMs: () => number
  readonly #agents = new Map<string, Agent>()
  readonly #over = new Map<string, BudgetSituation & { atMs: number }>()
  #timer: Timer | undefined

  constructor(options: {
    bounds: AgentBudgetBounds
    steadyMs: () => number
    /** CPU time of this program, ms */
    cpuMs?: () => number
  }) {
    this.#bounds = options.bounds
    this.#steadyMs = options.steadyMs
    this.#cpuMs = options.cpuMs ?? processCpuMs
  }

  offer(message: Arrived): void {
    const agent = this.#agent(message.agent)
    const part = agent.budget.admits(message.plane, message.payload.length, this.#steadyMs())
    if (part === undefined) {
      this.#pass(agent, message)
      return
    }
    this.note(message.agent, part)
    if (message.plane === 'ledger') return
    // a copy: the socket's buffer is part of a larger one, which would stay in memory
    agent.waiting.set(message.lane, { ...message, payload: Buffer.from(message.payload) })
    this.#timer ??= every(LOOK_MS, () => this.#look()).unref()
  }

  /** Whether the owners of a live message may count. */
  admitsOwners(agentId: string, owners: readonly Owner[]): boolean {
    return this.#admits(agentId, (budget, nowMs) => budget.admitsOwners(owners, nowMs))
  }

  /** Whether tags of these names may count. */
  admitsLabels(agentId: string, names: readonly string[]): boolean {
    return this.#admits(agentId, (budget, nowMs) => budget.admitsLabels(names, nowMs))
  }

  /** As many of an agent's devices as it may have; undefined: with these it has told of too many in this hour, and none is taken. */
  devices<T extends { deviceId: string }>(agentId: string, told: T[]): T[] | undefined {
    const most = this.#bounds.devices
    if (told.length > most) this.note(agentId, 'devices')
    const devices = told.slice(0, most)
    const ids = devices.map(({ deviceId }) => deviceId)
    return this.#admits(agentId, (budget, nowMs) => budget.admitsDevices(ids, nowMs)) ? devices : undefined
  }

  note(agentId: string, part: BudgetPart): void {
    const atMs = this.#steadyMs()
    const key = `${part}|${agentId}`
    const known = this.#over.get(key)
    if (known) known.atMs = atMs
    else if (this.#over.size < MOST_AGENTS)
      this.#over.set(key, { agentId, part, most: this.#bounds[part], atMs })
  }

  /** Agents that had more than their budget of late, for the alert rules. */
  situations(): BudgetSituation[] {
    const nowMs = this.#steadyMs()
    for (const [key, { atMs }] of this.#over) if (nowMs - atMs > TOLD_MS) this.#over.delete(key)
    return [...this.#over.values()].map(({ agentId, part, most }) => ({ agentId, part, most }))
  }

  stop(): void {
    clearInterval(this.#timer)
    for (const { waiting } of this.#agents.values()) waiting.clear()
  }

  #admits(agentId: string, judge: (budget: AgentBudget, nowMs: number) => BudgetPart | undefined): boolean {
    const part = judge(this.#agent(agentId).budget, this.#steadyMs())
    if (part !== undefined) this.note(agentId, part)
    return part === undefined
  }

  #agent(agentId: string): Agent {
    const name = this.#agents.has(agentId) || this.#agents.size < MOST_AGENTS ? agentId : ALL_OTHERS
    let agent = this.#agents.get(name)
    if (!agent) {
      agent = { budget: new AgentBudget(this.#bounds), waiting: new Map() }
      this.#agents.set(name, agent)
    }
    return agent
  }

  #pass(agent: Agent, { plane, payload, pass }: Arrived): void {
    const began = { steadyMs: this.#steadyMs(), cpuMs: this.#cpuMs() }
    pass(payload)
    // the program's time has that of its other threads in it, the clock's that of other programs: neither is more than what it took
    agent.budget.spent(plane, Math.min(this.#steadyMs() - began.steadyMs, this.#cpuMs() - began.cpuMs))
  }

  #look(): void {
    let isEmpty = true
    for (const agent of this.#agents.values()) {
      for (const [lane, message] of agent.waiting) {
        if (agent.budget.admits(message.plane, message.payload.length, this.#steadyMs()) !== undefined) break
        agent.waiting.delete(lane)
        this.#pass(agent, message)
      }
      isEmpty &&= agent.waiting.size === 0
    }
    if (!isEmpty) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

function processCpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
