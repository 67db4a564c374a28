import type { SiteView } from '../../view.ts'
import { clock, count, stopwatch, zone } from './format.ts'
import type { Freshness } from './freshness.ts'

/** What must be known before any figure is believed: lost, stale, silent agents, simulated. */
export function Strips(props: {
  lost: boolean
  simulated: boolean
  silent: Freshness['silent']
  /** records that agents lost lately */
  losses?: SiteView['ledgerLosses']
  timeZone?: string
  /** age of the figures, s, where they are stale */
  staleS?: number
}) {
  const { lost, simulated, silent, losses = [], timeZone = 'UTC', staleS } = props
  return (
    <div class="strips">
      {lost && (
        <p class="strip lost" role="status">
          <b>No connection to the collector</b> · reconnecting
        </p>
      )}
      {staleS !== undefined && (
        <p class="strip stale">
          <b>
            STALE <span class="digits">{stopwatch(staleS)}</span>
          </b>{' '}
          · these are the last known figures
        </p>
      )}
      {silent.length > 0 && (
        <p class="strip silent">
          {silent.slice(0, 4).map((a) => (
            <span key={a.agentId}>
              <b>
                ◆ {a.agentId} {a.state}
              </b>{' '}
              <span class="digits">{a.silentS === undefined ? 'never heard' : stopwatch(a.silentS)}</span>
            </span>
          ))}
          {silent.length > 4 && <span>and {count(silent.length - 4)} more agents</span>}
        </p>
      )}
      {losses.length > 0 && (
        <p class="strip silent">
          {losses.slice(0, 3).map((l) => (
            <span key={`${l.agentId} ${l.atMs}`}>
              <b>◆ {l.agentId}</b> lost {count(l.records)} records
              {l.fromMs !== undefined && l.toMs !== undefined && (
                <span class="digits">
                  {' '}
                  of {clock(l.fromMs, timeZone)} to {clock(l.toMs, timeZone)}
                </span>
              )}
            </span>
          ))}
          {losses.length > 3 && <span>and {count(losses.length - 3)} more losses</span>}
        </p>
      )}
      {simulated && (
        <p class="strip simulated">
          <strong>SIMULATED</strong> <span>emulated machines are in these figures</span>
        </p>
      )}
    </div>
  )
}

/** Marks one line of a list as simulated. */
export const SimulatedChip = () => (
  <abbr class="chip" title="simulated: an emulated machine">
    SIM
  </abbr>
)

export function Header({ site }: { site: SiteView }) {
  const online = site.agents.filter((a) => a.state === 'online').length
  return (
    <header>
      <h1>{site.name}</h1>
      <span class="quiet">
        {count(online)} of {count(site.agents.length)} agents online
      </span>
      <span class="quiet">
        {count(site.devicesReporting)} of {count(site.devices)} devices reporting
      </span>
      <nav>
        <a href="/api/v1/ledger?format=csv">Ledger, CSV</a>
        <a href="/openapi.json">API</a>
      </nav>
      <time dateTime={new Date(site.atMs).toISOString()}>
        <b class="digits">{clock(site.atMs, site.timeZone, true)}</b> {zone(site.atMs, site.timeZone)}{' '}
        <span class="quiet">{site.timeZone}</span>
      </time>
    </header>
  )
}
