import { describe, expect, test } from 'vitest'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { readFrom, without } from '../any-machine.ts'
import { fixture } from '../asic-harness.ts'
import { changed } from '../machines.ts'

const driver = (name: string) => {
  const found = DRIVERS.find((d) => d.name === name)
  if (!found) throw new Error(`there is no driver ${name}`)
  return found
}

/** The first part of an answer, as a firmware sends it whose buffer is too small. */
const cutTo = (text: string | undefined, ratio: number) => (text ?? '').slice(0, (text ?? '').length * ratio)

describe('an answer that is cut', () => {
  test.each([0.3, 0.6, 0.9])('is no other firmware: LuxOS, `stats` after %d of it', async (ratio) => {
    const answers = fixture('luxos-s19jpro')
    const cut = { ...answers, stats: cutTo(answers['stats'], ratio) }
    const { reading } = await readFrom(driver('luxos'), answers, { later: cut })
    expect(reading.sample.state).toBe('hashing')
    expect((await readFrom(driver('luxos'), cut)).reading.sample.state).toBe('hashing')
  })

  test('sends an Avalon’s question to its other command', async () => {
    const answers = fixture('avalon-a1566')
    const { estats = '' } = answers
    const whole = await readFrom(driver('avalon'), answers)
    const { reading, asked } = await readFrom(driver('avalon'), {
      ...answers,
      estats: cutTo(estats, 0.6),
      stats: estats,
    })
    expect(asked).toContain('stats')
    expect(reading.sample).toEqual(whole.reading.sample)
  })

  test('is no missing hashboard', async () => {
    const v3 = fixture('whatsminer-v3')
    const proto = fixture('proto-rig')
    const [edevs] = Object.keys(v3).filter((name) => name.includes('edevs'))
    if (edevs === undefined) throw new Error('the fixture has no boards')
    for (const ratio of [0.5, 0.7, 0.8])
      for (const [name, whole, cut] of [
        ['whatsminer-v3', v3, { ...v3, [edevs]: cutTo(v3[edevs], ratio) }],
        ['proto', proto, { ...proto, api_v1_hardware: cutTo(proto['api_v1_hardware'], ratio) }],
      ] as const) {
        const { reading } = await readFrom(driver(name), whole, { later: cut, login: false })
        expect(reading.sample.faults?.join() ?? '', name).not.toContain('missing')
      }
  })

  test('leaves an ePIC its watts, its boards and its pool, wherever it ends', async () => {
    const answers = fixture('epic-s19jpro')
    const { sample: whole } = (await readFrom(driver('epic'), answers)).reading
    const refused = (await readFrom(driver('epic'), without(answers, /^summary$/))).reading.sample
    const names = ['state', 'boardsFitted', 'boardsWorking', 'chipsWorking', 'holders', 'boardTempC'] as const
    for (let ratio = 0.05; ratio < 1; ratio += 0.05) {
      const later = { ...answers, summary: cutTo(answers['summary'], ratio) }
      const { sample } = (await readFrom(driver('epic'), answers, { later })).reading
      for (const name of names) expect(sample[name], `${name} at ${ratio}`).toEqual(whole[name])
      expect(sample.hashrateHs).toBe(refused.hashrateHs)
      expect(refused.powerW).toBeGreaterThan(0)
      // measured where the page still has it, else by the tuner's presets
      expect([whole.powerW, refused.powerW]).toContain(sample.powerW)
    }
  })

  test('moves no work to the fallback pool', async () => {
    const name = 'api_system_info'
    const answers = fixture('axeos-gamma')
    const whole = await readFrom(driver('axeos'), answers)
    for (let ratio = 0.1; ratio < 1; ratio += 0.1) {
      const cut = { ...answers, [name]: cutTo(answers[name], ratio) }
      const { sample } = await readFrom(driver('axeos'), answers, { later: cut }).then(
        ({ reading }) => reading,
        () => whole.reading,
      )
      if (sample.hashrateHs) expect(sample.holders).toEqual(whole.reading.sample.holders)
    }
  })
})

describe('an answer that is refused', () => {
  test('leaves an ePIC what its other pages tell', async () => {
    const answers = fixture('epic-s19jpro')
    const whole = await readFrom(driver('epic'), answers)
    const { reading } = await readFrom(driver('epic'), without(answers, /^summary$/))
    expect(reading.identity).toMatchObject({
      model: whole.reading.identity.model,
      hardwareId: whole.reading.identity.hardwareId,
    })
    expect(reading.sample).toMatchObject({
      state: 'hashing',
      boardTempC: whole.reading.sample.boardTempC,
      chipsWorking: whole.reading.sample.chipsWorking,
    })
    // the chips' rates, added up
    expect(reading.sample.hashrateHs).toBeCloseTo(139.732_23e12, -11)
    // by the tuner's presets of 104 and of 140 TH/s
    expect(reading.sample).toMatchObject({ powerW: expect.closeTo(4588.5, 0), powerBasis: 'modelled' })
  })

  test('leaves an ePIC of which one board runs that board’s part of a preset’s watts', async () => {
    const answers = without(fixture('epic-s19jpro'), /^summary$/)
    const hashrate = changed(answers['hashrate'], (boards: { Data: number[][] }[]) => {
      for (const board of boards.slice(1)) for (const chip of board.Data) chip[0] = 0
    })
    const { sample } = (await readFrom(driver('epic'), { ...answers, hashrate })).reading
    expect(sample.hashrateHs).toBeCloseTo(46.824_75e12, -11)
    // a machine of three such boards is beyond the highest preset, of 4600 W for 140 TH/s
    expect(sample).toMatchObject({ powerW: expect.closeTo(1538.5, 0), powerBasis: 'modelled' })
  })

  test.each([
    ['epic', 'epic-s19jpro', /^summary$/],
    ['luxos', 'luxos-s19jpro', /^config$/],
    ['whatsminer-v3', 'whatsminer-v3', /^get\.miner\.status summary$/],
    ['proto', 'proto-rig', /^api_v1_mining$/],
    ['sealminer', 'sealminer-a2', /^stats$/],
  ])('leaves %s the limit of its power that it told before', async (name, folder, tells) => {
    const answers = fixture(folder)
    const whole = await readFrom(driver(name), answers, { login: false })
    const later = await readFrom(driver(name), answers, { login: false, later: without(answers, tells) })
    expect(whole.reading.sample.powerLimitW).toBeGreaterThan(0)
    expect(later.reading.sample.powerLimitW).toBe(whole.reading.sample.powerLimitW)
  })

  test('leaves an Antminer its boards’ hashrate', async () => {
    const devs = {
      STATUS: [{ STATUS: 'S' }],
      DEVS: [0, 1, 2].map((i) => ({ ASC: i, Status: 'Alive', 'GHS 5s': 33_000, 'GHS av': 33_000 })),
    }
    const answers = without(fixture('antminer-s19pro'), /^(summary|stats)/)
    const { reading } = await readFrom(driver('antminer'), { ...answers, devs: JSON.stringify(devs) })
    expect(reading.sample).toMatchObject({ state: 'hashing', hashrateHs: 99e12, boardsWorking: 3 })
  })

  test('makes no chip’s temperature of a LuxOS board’s', async () => {
    const { reading } = await readFrom(driver('luxos'), without(fixture('luxos-s19jpro'), /^temps$/))
    expect(reading.sample).not.toHaveProperty('tempC')
  })
})
