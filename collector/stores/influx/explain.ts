import { PerwattError, reasonOf } from '../../../protocol/kit/errors.ts'

/** InfluxDB's error as a PerwattError that says what to do next, and whether sending again can help. */
export function explain(error: unknown, who: string, database: string): PerwattError {
  if (error instanceof PerwattError) return error
  const status = (error as { res?: { statusCode?: number } }).res?.statusCode
  const reason = reasonOf(error)
  // without a cause: the library's error holds the request, with the password in its headers
  const say = (code: string, text: string) => new PerwattError(code, `${who}: ${text}`)
  // not refused for good: the points fit once the limit is raised
  if (/max-(values|series)-per/.test(reason))
    return say('store-unavailable', `${reason}; raise this limit in influxdb.conf (0 is none)`)
  if (/no space left/i.test(reason))
    return say('store-unavailable', `${reason}; make room on InfluxDB's disk, nothing is lost meanwhile`)
  if (/read-only file system|permission denied/i.test(reason))
    return say('store-unavailable', `${reason}; let InfluxDB write to its disk, nothing is lost meanwhile`)
  if (status === 400 || status === 413)
    return say('store-refused', `${reason}; sending it again won't help, look at database ${database}`)
  if (status === 401 || status === 403)
    return say(
      'store-unavailable',
      `${reason}; check store.influx.username and password, and that the user may use database ${database}`,
    )
  if (isGone(reason))
    return say(
      'store-unavailable',
      `${reason}; create it, or let store.influx.username be an administrator: then it is made again by itself`,
    )
  return say('store-unavailable', `${reason}; start InfluxDB, or check store.influx.url`)
}

/** Whether the database is not there: it was dropped, or InfluxDB came back without its data. */
export const isGone = (reason: string): boolean => /database not found/.test(reason)
