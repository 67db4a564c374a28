import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { DEVICE_KINDS } from '../../../protocol/device.ts'
import { AlertViewSchema } from '../../views/alert.ts'
import { DeviceViewSchema } from '../../views/device.ts'
import { SiteViewSchema } from '../../views/site.ts'
import { WorkloadViewSchema } from '../../views/workload.ts'
import { none, parameters, routeOf } from './route.ts'
import type { Views } from './views.ts'

const routes = {
  site: routeOf('/api/v1/site', none, SiteViewSchema.meta({ id: 'Site' }), 'The whole site now'),
  workloads: routeOf(
    '/api/v1/workloads',
    none,
    z.array(WorkloadViewSchema.meta({ id: 'Workload' })),
    'What each workload earns now',
  ),
  devices: routeOf(
    '/api/v1/devices',
    parameters({
      kind: z.enum(DEVICE_KINDS, { error: `expected one of ${DEVICE_KINDS.join(', ')}` }).optional(),
      container: z.string().optional(),
      rack: z.string().optional(),
      agentId: z.string().optional(),
    }),
    z.array(DeviceViewSchema.meta({ id: 'Device' })),
    'Every device now, or those that match all given filters',
  ),
  alerts: routeOf(
    '/api/v1/alerts',
    none,
    z.array(AlertViewSchema.meta({ id: 'Alert' })),
    'Firing alerts, largest loss first',
  ),
}

/** Adds the routes of the site as it is now. */
export function addLive(api: OpenAPIHono, views: Pick<Views, 'site' | 'workloads' | 'alerts' | 'devices'>) {
  api.openapi(routes.site, (c) => c.json(views.site(), 200))
  api.openapi(routes.workloads, (c) => c.json(views.workloads(), 200))
  api.openapi(routes.alerts, (c) => c.json(views.alerts(), 200))
  api.openapi(routes.devices, (c) => {
    const { kind, container, rack, agentId } = c.req.valid('query')
    const fits = (filter: string | undefined, value: string | undefined) =>
      filter === undefined || filter === value
    const found = views
      .devices()
      .filter(
        (d) =>
          fits(kind, d.kind) &&
          fits(container, d.location?.container) &&
          fits(rack, d.location?.rack) &&
          fits(agentId, d.agentId),
      )
    return c.json(found, 200)
  })
}
