import { describe, expect, it } from 'vitest'
import { antminer } from '../../../agent/simulator/asic/antminer.ts'
import { asicEvents, MISFORTUNES, strike } from '../../../agent/simulator/asic/events.ts'
import { ASIC_MODELS } from '../../../agent/simulator/asic/models.ts'
import { whatsminer } from '../../../agent/simulator/asic/whatsminer.ts'
import { createRandom } from '../../../agent/simulator/base/random.ts'
import { HASHES_PER_DIFF1 } from '../../../protocol/units.ts'
import { machineOf, run } from './ask.ts'

const statsOf = (machine: ReturnType<typeof machineOf>) =>
  (antminer.reply(machine, 'stats', 0) as { STATS: [unknown, Record<string, unknown>] }).STATS[1]

describe('a mining machine', () => {
  it('counts the work that the pool accepted, and that work is about its hashrate', () => {
    const machine = machineOf(ASIC_MODELS.s21)
    const before = { ...machine.shares }
    const paidBefore = machine.workDiff1
    const hashesBefore = machine.hashes
    run(machine, 100_000)
    const paid = machine.shares.difficultyAccepted - before.difficultyAccepted
    expect(paid).toBe((machine.shares.accepted - before.accepted) * machine.shareDifficulty)
    expect(machine.workDiff1 - paidBefore).toBe(paid)
    // some 9,000 shares: a Poisson count is within 5 % of its mean
    expect(paid / ((machine.hashes - hashesBefore) / HASHES_PER_DIFF1)).toBeCloseTo(1, 1)
    const rejected = (machine.shares.rejected - before.rejected) / (machine.shares.accepted - before.accepted)
    expect(rejected).toBeGreaterThan(0)
    expect(rejected).toBeLessThan(0.003)
  })

  it('refuses connections while it boots, then counts from 0 and climbs to its full hashrate', () => {
    const machine = machineOf()
    const paid = machine.workDiff1
    machine.reboot()
    run(machine, 10)
    expect(machine.api).toBe('refuses')
    run(machine, 20)
    expect(machine.api).toBe('answers')
    expect(machine.shares.accepted).toBe(0)
    expect(machine.hashrateHs).toBe(0)
    run(machine, 40)
    expect(machine.hashrateHs).toBeGreaterThan(0)
    expect(machine.hashrateHs).toBeLessThan(0.9 * machine.model.hashrateHs)
    run(machine, 200)
    expect(machine.hashrateHs).toBeGreaterThan(0.93 * machine.model.hashrateHs)
    expect(machine.uptimeS).toBeLessThan(300)
    // the truth goes on over the reboot
    expect(machine.workDiff1).toBeGreaterThan(paid)
  })

  it('loses a board chip by chip, and its power goes with the hashrate', () => {
    const machine = machineOf()
    const fullW = machine.powerW
    const end = strike(machine, 'board-lost', createRandom(3))
    run(machine, 20)
    const dying = statsOf(machine)
    expect([1, 2, 3].map((n) => dying[`chain_acs${n}`]).join()).toContain('x')
    expect(dying['miner_count']).toBe(3)
    run(machine, 120)
    const stats = statsOf(machine)
    expect(stats['miner_count']).toBe(2)
    expect([1, 2, 3].map((n) => stats[`chain_acn${n}`]).sort()).toEqual([0, 114, 114])
    expect([1, 2, 3].map((n) => stats[`chain_rate${n}`])).toContain('')
    expect(machine.powerW).toBeLessThan(0.75 * fullW)
    end()
    run(machine, 200)
    expect(statsOf(machine)['miner_count']).toBe(3)
  })

  it('sleeps on a trickle of power and says so where its firmware can', () => {
    const machine = machineOf(ASIC_MODELS.m50s)
    const end = strike(machine, 'sleeping', createRandom(1))
    run(machine, 30)
    expect(machine.powerW).toBe(machine.model.standbyW)
    expect(whatsminer.reply(machine, 'status', 0)).toMatchObject({ Msg: { mineroff: 'true' } })
    expect(whatsminer.reply(machine, 'summary', 0)).toMatchObject({ SUMMARY: [{ 'HS RT': 0, Power: 25 }] })
    end()
    run(machine, 120)
    expect(machine.hashrateHs).toBeGreaterThan(0.9 * machine.model.hashrateHs)
  })

  it('gets hot and throttles when its airflow is blocked, and recovers', () => {
    const machine = machineOf(ASIC_MODELS.a1246)
    const normal = machine.hashrateHs
    const end = strike(machine, 'overheating', createRandom(1))
    run(machine, 240)
    expect(machine.hottestChipC).toBeGreaterThan(95)
    expect(machine.hashrateHs).toBeLessThan(0.95 * normal)
    end()
    run(machine, 300)
    expect(machine.hottestChipC).toBeLessThan(90)
  })

  it('mines at the next pool while its first one is gone, and goes back', () => {
    const machine = machineOf()
    const [first, second] = machine.pools
    const paidTo = (url: string) => machine.stratum.paidDiff1.get(url) ?? 0
    const end = strike(machine, 'pool-lost', createRandom(1))
    const before = paidTo(first.url)
    run(machine, 300)
    expect(paidTo(first.url)).toBe(before)
    expect(paidTo(second!.url)).toBeGreaterThan(0)
    expect(machine.stratum.sharesOf(1).difficultyAccepted).toBe(paidTo(second!.url))
    expect(antminer.reply(machine, 'pools', 0)).toMatchObject({
      POOLS: [{ Status: 'Dead', 'Stratum Active': false }, { Status: 'Alive', 'Stratum Active': true }, {}],
    })
    end()
    run(machine, 300)
    expect(paidTo(first.url)).toBeGreaterThan(before)
    expect(machine.workDiff1).toBe(paidTo(first.url) + paidTo(second!.url))
  })

  it('gives the maker of its firmware its part of the work', () => {
    const machine = machineOf(ASIC_MODELS.s21proVnish)
    run(machine, 40_000)
    const fee = machine.stratum.paidDiff1.get('DevFee') ?? 0
    expect(fee / machine.workDiff1).toBeCloseTo(0.028, 1)
    expect(fee).toBeGreaterThan(0)
  })

  it('tunes itself after a start: carefully first, at full hashrate in the end', () => {
    const machine = machineOf(ASIC_MODELS.s19jproLuxos)
    expect(machine.tuning).toBe(false)
    machine.reboot()
    run(machine, 150)
    expect(machine.tuning).toBe(true)
    expect(machine.hashrateHs).toBeLessThan(0.95 * machine.model.hashrateHs)
    run(machine, 700)
    expect(machine.tuning).toBe(false)
    expect(machine.hashrateHs).toBeGreaterThan(0.93 * machine.model.hashrateHs)
  })

  it('takes the energy of its power, all of it', () => {
    const machine = machineOf()
    const before = machine.energyJ
    let sumJ = 0
    for (let i = 0; i < 500; i++) {
      if (i === 100) machine.reboot()
      machine.advance(1)
      sumJ += machine.powerW
    }
    expect(machine.energyJ - before).toBeCloseTo(sumJ, 3)
  })
})

describe('the script of misfortunes', () => {
  const machines = Array.from({ length: 42 }, (_, i) => ({
    family: (['antminer', 'whatsminer', 'avalon'] as const)[Math.floor(i / 14)]!,
  }))
  const first = (seed: number, count: number, of = machines) => {
    const script = asicEvents(createRandom(seed), of)
    return Array.from({ length: count }, () => script.next().value!)
  }

  it('shows each misfortune on another machine in the first ten minutes, whatever the seed', () => {
    for (let seed = 0; seed < 50; seed++) {
      const events = first(seed, MISFORTUNES.length)
      expect(new Set(events.map((e) => e.kind))).toEqual(new Set(MISFORTUNES))
      expect(new Set(events.map((e) => e.machine)).size).toBe(MISFORTUNES.length)
      expect(events.every((e) => e.atS > 30 && e.atS < 540)).toBe(true)
    }
  })

  it('is the same for the same seed, and another for another', () => {
    expect(first(7, 100)).toEqual(first(7, 100))
    expect(first(7, 100)).not.toEqual(first(8, 100))
  })

  it('comes in the order of time, and leaves most of a small site alone', () => {
    const events = first(1, 300)
    expect(events.map((e) => e.atS)).toEqual(events.map((e) => e.atS).sort((a, b) => a - b))
    const few = first(1, 3, machines.slice(0, 6))
    expect(few.filter((e) => e.atS < 600)).toHaveLength(2)
    expect(asicEvents(createRandom(1), []).next().done).toBe(true)
  })
})
