import { describe, expect, it } from 'vitest'
import { ClockExchange } from '../../../agent/clock/exchange.ts'
import { nextStretch, resolved, type Stretch } from '../../../agent/clock/stretches.ts'
import { TimeQuestions } from '../../../agent/clock/time-questions.ts'
import { type IntervalMessage, IntervalMessageSchema } from '../../../protocol/interval.ts'
import { StepWatch } from '../../../protocol/kit/step-watch.ts'

const T0 = Date.UTC(2026, 2, 1, 12, 0, 0)
const HOUR_MS = 3_600_000

describe('the watch for steps', () => {
  /** A watch over readings that come one after the other; the last one stays. */
  const watch = (readings: [wallMs: number, steadyMs: number][]) => {
    const now = () => {
      const [wallMs, steadyMs] = (readings.length > 1 ? readings.shift() : readings[0]) as [number, number]
      return { wallMs, steadyMs }
    }
    return new StepWatch({ now })
  }

  it('tells by how much the clock was set, and no slewing', () => {
    const clock = watch([
      [0, 0],
      [10_400, 10_000],
      [20_400 + HOUR_MS, 20_000],
      [20_401 + HOUR_MS, 20_001],
      [30_401 + HOUR_MS, 30_001],
    ])
    expect([clock.look().stepMs, clock.look().stepMs, clock.look().stepMs]).toEqual([0, HOUR_MS, 0])
  })

  it('takes slewing over days for no step, and tells a step within it', () => {
    const [day, slewed] = [24 * HOUR_MS, 24 * HOUR_MS * 1.0005]
    const clock = watch([
      [0, 0],
      [3 * slewed, 3 * day],
      [4 * slewed + HOUR_MS, 4 * day],
      [4 * slewed + HOUR_MS, 4 * day],
    ])
    expect([clock.look().stepMs, clock.look().stepMs]).toEqual([0, HOUR_MS + day * 0.0005])
  })

  it('takes a program that was stopped between the readings of both clocks for no step', () => {
    const clock = watch([
      [0, 0],
      // stopped for 9 s after the wall clock was read
      [1_000, 10_000],
      [10_001, 10_001],
    ])
    expect(clock.look()).toEqual({ at: { wallMs: 10_001, steadyMs: 10_001 }, stepMs: 0 })
  })
})

describe('the exchange with the collector', () => {
  it('measures the offset as NTP does, with the time that the answer took', () => {
    const exchange = new ClockExchange()
    exchange.sent(T0, 1_000, 1)
    // taken and answered halfway, by a clock that is 5 s ahead
    const offset = exchange.answered(T0, T0 + 200 + 5_000, { wallMs: T0 + 400, steadyMs: 1_400 }, 1)
    expect(offset).toEqual({ offsetMs: 5_000, roundTripMs: 400, stretch: 1 })
  })

  it('measures nothing by an answer to another message, or where the clock was set meanwhile', () => {
    const exchange = new ClockExchange()
    exchange.sent(T0, 1_000, 1)
    expect(exchange.answered(T0 + 1, T0, { wallMs: T0, steadyMs: 1_400 }, 1)).toBeUndefined()
    expect(exchange.answered(T0, T0, { wallMs: T0, steadyMs: 1_400 }, 2)).toBeUndefined()
  })

  it('asks at once, each minute while the clocks agree, and every 5 s while records wait', () => {
    const sent: IntervalMessage[] = []
    let steadyMs = 0
    const clock = { now: () => ({ wallMs: T0 + steadyMs, steadyMs }) }
    const questions = new TimeQuestions({ life: () => ({ epoch: 7 }), send: (m) => sent.push(m) > 0, clock })
    questions.ask()
    for (; steadyMs < 60_000; steadyMs += 1_000) questions.beat(false)
    expect(sent).toHaveLength(1)
    for (; steadyMs < 80_000; steadyMs += 1_000) questions.beat(true)
    expect(sent).toHaveLength(5)
    expect(IntervalMessageSchema.parse(sent[0])).toMatchObject({
      epoch: 7,
      firstSeq: 1,
      oldestSeq: 1,
      ids: [],
    })
  })
})

describe('stretches of the clock', () => {
  const list = (...stretches: Partial<Stretch>[]): Stretch[] =>
    stretches.map((stretch, i) => ({ id: i + 1, fromMs: T0, toMs: T0, stepMs: 0, ...stretch }))
  const shifts = (stretches: Stretch[], agreedMs = 0) => resolved(stretches, agreedMs).map((s) => s.shiftMs)

  it('are shifted by all steps that followed them, back to one that is known', () => {
    expect(
      shifts(list({ shiftMs: 0 }, { stepMs: HOUR_MS }, { stepMs: -5_000 }, { stepMs: -HOUR_MS })),
    ).toEqual([0, -HOUR_MS - 5_000, -HOUR_MS, 0])
  })

  it('stay as they are where their clock was nearer to the collector’s than the one that agrees now', () => {
    const setWrong = list({}, { stepMs: -82_000 })
    expect(resolved(setWrong, 0, 82_000).map((s) => s.shiftMs)).toEqual([0, 0])
    expect(resolved(setWrong, 0, 0).map((s) => s.shiftMs)).toEqual([-82_000, 0])
    const setTwice = list({}, { stepMs: HOUR_MS }, { stepMs: -82_000 })
    expect(resolved(setTwice, 0, 82_000).map((s) => s.shiftMs)).toEqual([HOUR_MS, 0, 0])
  })

  it('keep a time that can be right where the computer was started after them with a clock that went back', () => {
    const [before] = list({ fromMs: T0 - HOUR_MS, toMs: T0 - 60_000 })
    const booted = nextStretch([before as Stretch], { nowMs: 1_000, stepMs: undefined })
    const set = { id: 3, fromMs: T0, toMs: T0, stepMs: T0 - 5_000 }
    expect(shifts([before as Stretch, booted, set])).toEqual([0, T0 - 5_000, 0])
  })

  it('follow a clock with a battery over a start of the computer', () => {
    const day = 24 * HOUR_MS
    const [before] = list({ fromMs: T0 - day, toMs: T0 - day + 60_000 })
    const booted = nextStretch([before as Stretch], { nowMs: T0 - day + 120_000, stepMs: undefined })
    const set = { id: 3, fromMs: T0 + 180_000, toMs: T0 + 180_000, stepMs: day }
    expect(shifts([before as Stretch, booted, set], T0 - day - HOUR_MS)).toEqual([day, day, 0])
    // which can't be where the clocks agreed later than that
    expect(shifts([before as Stretch, { ...booted, stepMs: -30_000 }, set], T0)).toEqual([
      day - 30_000,
      day,
      0,
    ])
  })
})
