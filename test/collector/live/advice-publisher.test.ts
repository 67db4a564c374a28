import { describe, expect, it } from 'vitest'
import { AdvicePublisher } from '../../../collector/live/advice-publisher.ts'
import type { ChoiceInputs } from '../../../collector/live/choice-inputs.ts'
import { AdviceMessageSchema } from '../../../protocol/advice.ts'
import { decode, MAX_MESSAGE_BYTES } from '../../../protocol/codec.ts'
import { createLog, SILENT } from '../../../protocol/kit/log.ts'
import { gpu, miner, siteOf } from '../site-rig.ts'

const SITE = [miner(1), gpu(0, { namespace: 'tenant-a' }), gpu(1)]

function board(log = SILENT) {
  const said: string[] = []
  const clock = { nowMs: 1_000_000 }
  const advice = new AdvicePublisher({ publish: (text) => said.push(text), log, nowMs: () => clock.nowMs })
  return { said, clock, advice }
}
const inputs = (energyUsdPerKwh = 0.05): ChoiceInputs =>
  siteOf(SITE, {
    prices: { btcUsd: 1e5, difficulty: 1e14, blockHeight: 900_000, energyUsdPerKwh },
  }).choiceInputs()
const bytes = (text: string | undefined) => new TextEncoder().encode(text)

describe('the advice board', () => {
  it('publishes what its schema reads as it is, without the list of all uses', () => {
    const { said, advice } = board()
    advice.tick(() => inputs())
    const message = decode(AdviceMessageSchema, bytes(said[0]))
    expect(message).toMatchObject({ ok: true, value: JSON.parse(said[0] ?? '') })
    expect(said[0]).not.toContain('"uses"')
  })

  it('looks every 10 s at most, and says what changed and nothing twice', () => {
    const { said, clock, advice } = board()
    let looks = 0
    const snapshot = (price: number) => () => {
      looks++
      return { ...inputs(price), baseline: { ...inputs(price).baseline, atMs: clock.nowMs } }
    }
    advice.tick(snapshot(0.05))
    clock.nowMs += 9_999
    advice.tick(snapshot(0.06))
    expect([looks, said.length]).toEqual([1, 1])
    clock.nowMs += 1
    advice.tick(snapshot(0.05))
    expect([looks, said.length]).toEqual([2, 1])
    clock.nowMs += 10_000
    advice.tick(snapshot(0.06))
    expect(said.map((text) => JSON.parse(text).energyUsdPerKwh)).toEqual([0.05, 0.06])
  })

  it('says the same again after a minute, so that its time tells that somebody still advises', () => {
    const { said, clock, advice } = board()
    for (let s = 0; s <= 60; s += 10) {
      advice.tick(() => ({ ...inputs(), baseline: { ...inputs().baseline, atMs: clock.nowMs } }))
      clock.nowMs += 10_000
    }
    expect(said.map((text) => JSON.parse(text).atMs)).toEqual([1_000_000, 1_060_000])
  })

  it('logs once that it is too large for a message, and then publishes nothing', () => {
    const lines: string[] = []
    const { said, clock, advice } = board(createLog({ write: (line) => lines.push(line) }))
    const [block] = inputs().blocks
    const blocks = Array.from({ length: 3_000 }, (_, n) => ({
      ...block!,
      container: `C${n}`.padEnd(64, 'x'),
    }))
    for (const price of [0.05, 0.06]) {
      advice.tick(() => ({ ...inputs(price), blocks }))
      clock.nowMs += 10_000
    }
    expect(said).toEqual([])
    expect(lines.filter((line) => line.includes('too large for an MQTT message'))).toHaveLength(1)
  })

  it('of a site with as many blocks as there may be is a message', () => {
    const text = 'x'.repeat(64)
    const many = Array.from({ length: 400 }, (_, n) =>
      miner(n, {
        device: { deviceId: `m${n}`, kind: 'asic', model: `${text}${n}`, location: { container: text } },
      }),
    )
    const { said, advice } = board()
    advice.tick(() => siteOf([...many, gpu(0, { namespace: 'tenant-a' })]).choiceInputs())
    expect(JSON.parse(said[0] ?? '').blocks.length).toBeGreaterThanOrEqual(400)
    expect(bytes(said[0]).byteLength).toBeLessThan(MAX_MESSAGE_BYTES)
  })
})
