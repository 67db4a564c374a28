import type { SiteView } from '../../../views/site.ts'
import { clock, count, zone } from './format.ts'
import { useMoney } from './money.ts'

/** Marks a line of a list as simulated. */
export const SimulatedChip = () => (
  <abbr class="chip" title="simulated: an emulated machine">
    SIM
  </abbr>
)

/** The pages and downloads that every page links to. */
const PAGES = [
  ['/wall', 'Wall'],
  ['/economics', 'Economics'],
  ['/api/v1/ledger?format=csv', 'Ledger, CSV'],
  ['/openapi.json', 'API'],
] as const

/** The site’s name, agents, currency, links and time. `here` is the path of this page. */
export function PageHeader({ site, here }: { site: SiteView; here: string }) {
  const { code, perUsd, stale } = useMoney()
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
      {code !== 'USD' && (
        <span class="quiet">
          {code} at {perUsd.toPrecision(4)} a USD {stale && <em class="warning">◆ old rate</em>}
        </span>
      )}
      <nav aria-label="Pages">
        {PAGES.filter(([path]) => path !== here).map(([path, name]) => (
          <a key={path} href={path}>
            {name}
          </a>
        ))}
      </nav>
      <time dateTime={new Date(site.atMs).toISOString()}>
        <b class="digits">{clock(site.atMs, site.timeZone, true)}</b> {zone(site.atMs, site.timeZone)}{' '}
        <span class="quiet">{site.timeZone}</span>
      </time>
    </header>
  )
}
