import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SiteView } from '../../collector/views/site.ts'
import { eventually } from '../eventually.ts'
import { type Influxd, startInfluxd } from '../influxd.ts'
import { type Mosquitto, startMosquitto } from '../mosquitto.ts'
import { type StandingSite, startSite, statusOf } from './standing-rig.ts'

/** An alert is due within two minutes of the fault; the time before is that of the first record. */
const DUE_MS = 190_000
const LIMIT_BYTES = 4_096

/** Mosquitto, a collector and an agent; each case stops the records at another place. The cases run side by side, for each takes minutes. */
describe.concurrent('what stands still is told, with cause and cure', () => {
  let small: Mosquitto
  let guarded: Mosquitto
  let closing: Mosquitto
  let influxd: Influxd
  const sites: StandingSite[] = []
  const servers: Server[] = []

  beforeAll(async () => {
    small = await startMosquitto(undefined, { lines: [`message_size_limit ${LIMIT_BYTES}`] })
    guarded = await startMosquitto(undefined, {
      acl: [
        'topic readwrite perwatt/#',
        'topic deny perwatt/1/nointervals/+/intervals',
        'topic deny perwatt/1/noack/+/ack',
      ],
    })
    closing = await startMosquitto(undefined, { lines: [`max_packet_size ${LIMIT_BYTES}`] })
    influxd = await startInfluxd()
  })
  afterAll(async () => {
    await Promise.all(sites.map((site) => site.stop()))
    for (const server of servers) server.close()
    await Promise.all([small?.stop(), guarded?.stop(), closing?.stop(), influxd?.remove()])
  })

  const start = async (options: Parameters<typeof startSite>[0]) => {
    const site = await startSite(options)
    sites.push(site)
    return site
  }
  const alert = (site: StandingSite, rule: string, text: RegExp) =>
    eventually(
      () => site.alerts(),
      (all) => all.some((a) => a.rule === rule && text.test(a.summary)),
      DUE_MS,
    )

  it('large messages that a broker drops come in smaller ones, inventory, live figures and records, and the alert names the limit', async () => {
    const site = await start({ site: 'small', broker: small.url, machines: 300 })
    const seen = await eventually(
      () => site.get<SiteView>('/api/v1/site'),
      (s) => s.devices === 300 && s.devicesReporting === 300,
      DUE_MS,
    )
    expect(seen.powerW).toBe(900_000)
    await eventually(
      () => site.get<{ kind: string }[]>('/api/v1/ledger?groupBy=device'),
      (rows) => rows.length === 300,
      DUE_MS,
    )
    await alert(site, 'message-size', /one of .* was lost, \d+ B arrive/)
    const { agents } = await site.get<SiteView>('/api/v1/site')
    expect(agents[0]?.messageLimit?.arrivedBytes).toBeLessThanOrEqual(LIMIT_BYTES)
    expect(agents[0]?.messageLimit?.lostBytes).toBeGreaterThan(LIMIT_BYTES)
    expect(site.lines.join()).toContain('large messages do not arrive')
  }, 600_000)

  it('so do they where the broker closes the connection at each large message', async () => {
    const site = await start({ site: 'closing', broker: closing.url, machines: 300 })
    await eventually(
      () => site.get<SiteView>('/api/v1/site'),
      (s) => s.devices === 300 && s.devicesReporting === 300,
      DUE_MS,
    )
    await eventually(
      () => site.get<{ kind: string }[]>('/api/v1/ledger?groupBy=device'),
      (rows) => rows.length === 300,
      DUE_MS,
    )
  }, 600_000)

  it('an access control list that drops records is told with the topic', async () => {
    const site = await start({ site: 'nointervals', broker: guarded.url })
    await alert(
      site,
      'standing-still',
      /not even a message of \d+ bytes.*perwatt\/1\/nointervals\/edge\/intervals/,
    )
    const { code, text } = await site.ready()
    expect([code, text]).toEqual([503, expect.stringContaining('records wait at agents and do not arrive')])
    // it answers without a token, and names nobody
    expect(text).not.toContain('edge')
    expect((await site.get<SiteView>('/api/v1/site')).standing).toMatchObject([{ who: ['edge'] }])
    expect(site.lines.join()).toContain('the collector does not acknowledge records')
    // the agent knows it too
    const { status } = await eventually(
      () => site.note(),
      (note) => note.status.delivery?.unansweredS !== undefined,
    )
    expect(status.delivery?.triedBytes).toBeLessThan(2_000)
  }, 600_000)

  it('an access control list that drops acknowledgements is found to do so, and no record is lost', async () => {
    const site = await start({ site: 'noack', broker: guarded.url })
    await alert(site, 'standing-still', /acknowledgements do not arrive.*perwatt\/1\/noack\/edge\/ack/)
    // without an answer it is not known whether the clocks agree
    expect(site.agent.spool.state()).toMatchObject({ lost: 0, held: expect.any(Number) })
  }, 600_000)

  it('a store that is away is told, and no longer once it is back', async () => {
    const site = await start({
      site: 'store',
      broker: guarded.url,
      config: { store: { store: 'influx', url: influxd.url, database: 'standing' } },
    })
    await eventually(
      () => site.get<unknown[]>('/api/v1/ledger'),
      (rows) => rows.length > 0,
      DUE_MS,
    )
    expect((await site.ready()).code).toBe(200)
    await influxd.stop()
    await alert(site, 'standing-still', /start InfluxDB|start the database/)
    expect((await site.ready()).code).toBe(503)
    expect((await site.standing()).standstills.map(({ part }) => part)).toEqual(['store'])
    await influxd.start()
    await eventually(
      () => site.ready(),
      ({ code }) => code === 200,
      DUE_MS,
    )
  }, 900_000)

  it('a store that refuses is told with its own words, and what to check', async () => {
    const own = await startInfluxd({ http: ['auth-enabled = true'] })
    const ask = async (query: string) => {
      const text = new URLSearchParams({ q: query })
      const response = await fetch(`${own.url}/query?u=admin&p=secret&${text}`, { method: 'POST' })
      // InfluxDB answers 200 to some of what it did not do
      expect(await response.text(), query).not.toContain('error')
    }
    try {
      await ask("CREATE USER admin WITH PASSWORD 'secret' WITH ALL PRIVILEGES")
      await ask('CREATE DATABASE guarded')
      await ask("CREATE USER perwatt WITH PASSWORD 'secret'")
      await ask('GRANT ALL ON guarded TO perwatt')
      const site = await start({
        site: 'refused',
        broker: guarded.url,
        config: {
          store: {
            store: 'influx',
            url: own.url,
            database: 'guarded',
            username: 'perwatt',
            password: 'secret',
          },
        },
      })
      await eventually(
        () => site.get<unknown[]>('/api/v1/ledger'),
        (rows) => rows.length > 0,
        DUE_MS,
      )
      await ask('REVOKE ALL ON guarded FROM perwatt')
      await ask('GRANT READ ON guarded TO perwatt')
      await alert(site, 'standing-still', /not authorized to write.*check the user and the password/)
      // the agent knows too that its records arrive, and why they are not taken
      await eventually(
        () => site.lines,
        (lines) => lines.some((line) => /can’t store them.*not authorized/.test(line)),
        DUE_MS,
      )
    } finally {
      await own.remove()
    }
  }, 900_000)

  it('feeds that fall silent are told', async () => {
    const server = createServer((_, response) => response.end('{"price":96000}'))
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const site = await start({
      site: 'feeds',
      broker: guarded.url,
      config: {
        feeds: [
          {
            feed: 'http-price',
            name: 'exchange',
            url: `http://127.0.0.1:${port}/price`,
            quote: 'btcUsd',
            path: '$.price',
            poll: '10s',
            allowPrivate: ['127.0.0.0/8'],
          },
        ],
      },
    })
    await eventually(
      () => site.get<SiteView>('/api/v1/site'),
      ({ prices }) => prices.some(({ name }) => name === 'btcUsd'),
    )
    server.closeAllConnections()
    server.close()
    await alert(site, 'stale-quote', /btcUsd: 96000 .*exchange/)
    await eventually(
      () => site.ready(),
      ({ code, text }) => code === 503 && text.includes('prices are not renewed'),
      DUE_MS,
    )
  }, 600_000)

  it('a broker that is away is told, as one cause, and the command says so to a person', async () => {
    const broker = await startMosquitto()
    const site = await start({ site: 'broker', broker: broker.url })
    try {
      await eventually(
        () => site.get<SiteView>('/api/v1/site'),
        ({ devices }) => devices === 3,
      )
      expect(await statusOf(site.url)).toMatchObject({
        exit: 0,
        text: expect.stringContaining('everything moves'),
      })
      await broker.kill()
      await alert(site, 'standing-still', /no connection to the broker/)
      const { text, exit } = await statusOf(site.url)
      expect(exit).toBe(3)
      expect(text).toMatch(
        /1 thing stands still\n\nthe collector has no connection to the broker\n {2}since .*\n {2}cause .*\n {2}cure {3}start the broker/,
      )
      expect(text).toMatch(/broker +STANDS STILL/)
    } finally {
      await broker.stop()
    }
  }, 600_000)
})
