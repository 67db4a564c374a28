import { z } from 'zod'
import { HOUR_MS } from '../../protocol/units.ts'
import { defineFeed } from '../plugin/feed.ts'
import { AHEAD_MS, BACK_MS } from '../prices/price-series.ts'
import { DAYS, type Tariff, tariffPrices } from '../prices/tariff-schedule.ts'
import { TimeZoneSchema } from '../prices/time-zone.ts'

const CLOCK = /^([01]\d|2[0-3]):([0-5]\d)$|^24:00$/

/** `14:30` as minutes of the day; `24:00` is its end. */
const ClockSchema = z
  .string()
  .regex(CLOCK, 'expected a time of day such as 14:00 (in quotes), up to 24:00')
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)))

const usdPerKwh = z.number().min(-20).max(20)

const RateSchema = z
  .strictObject({
    months: z
      .array(z.number().int().min(1).max(12))
      .min(1)
      .optional()
      .describe('1 to 12; every month where absent'),
    weekdays: z
      .array(z.enum(DAYS))
      .min(1)
      .optional()
      .describe('mon to sun, and holiday for the dates in holidays; every day where absent'),
    from: ClockSchema.prefault('00:00').describe('begin, local time in timeZone'),
    to: ClockSchema.prefault('24:00').describe('end; on the next day where it is not after the begin'),
    usdPerKwh: usdPerKwh.describe('USD per kWh'),
  })
  .refine(({ from, to }) => from !== to, {
    path: ['to'],
    message: 'is the same as from; leave both out for the whole day',
  })

const SettingsSchema = z.strictObject({
  timeZone: TimeZoneSchema.describe('time zone of the tariff; daylight saving is taken into account'),
  rates: z.array(RateSchema).min(1).max(200).describe('the first that matches counts'),
  otherwise: usdPerKwh.describe('USD per kWh where no rate matches'),
  holidays: z
    .array(z.iso.date('expected a date such as 2026-12-25'))
    .default([])
    .describe('dates that count as holiday and not as their weekday'),
})

const tariffOf = ({ timeZone, rates, otherwise, holidays }: z.output<typeof SettingsSchema>): Tariff => ({
  timeZone,
  rates: rates.map(({ months, weekdays, from, to, usdPerKwh: price }) => ({
    months,
    days: weekdays,
    fromMinute: from,
    toMinute: to,
    usdPerKwh: price,
  })),
  otherwiseUsdPerKwh: otherwise,
  holidays: new Set(holidays),
})

/**
 * Publishes the changes of the next days in advance, so that they hold even while the collector is down, and the last weeks' too: a
 * record that comes late needs the price of its minute.
 */
export default defineFeed({
  name: 'time-of-use',
  summary: 'an energy price by season, weekday, holiday and hour, in its own time zone',
  settings: SettingsSchema,
  quotes: () => ['energyUsdPerKwh'],
  open: (settings, { nowMs, pause }) => {
    const tariff = tariffOf(settings)
    return (sink, signal) => {
      const run = async () => {
        do {
          const now = nowMs()
          const prices = tariffPrices(tariff, now - BACK_MS, now + AHEAD_MS)
          sink.publish(prices.map((price) => ({ name: 'energyUsdPerKwh', ...price })))
        } while (await pause(HOUR_MS, signal))
      }
      void run()
    }
  },
})
