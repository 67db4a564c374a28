/** What an unknown machine answered to the harmless requests of detection. An absent field was not answered. */
export interface FirstAnswers {
  /** TCP 4028 `version`, upper-cased text */
  version4028?: string
  /** TCP 4028 `devdetails`, upper-cased text */
  devdetails4028?: string
  /** TCP 4028 `stats`, upper-cased text; requested only while the two above name no firmware */
  stats4028?: string
  /** TCP 4028 `get_version`, `summary`, `status` and `estats`, upper-cased text; requested, each in turn, only while no firmware is named */
  getVersion4028?: string
  summary4028?: string
  status4028?: string
  estats4028?: string
  /** HTTP GET `/`, of any status, redirects not followed; header names in lower case, the body's first 64 KiB unchanged */
  httpRoot?: { status: number; headers: Record<string, string>; body: string }
  /** HTTP GET `/api/system/info`: the body where the status is 200 */
  systemInfo?: string
  /**
   * the same of `/api/system/asic`, `/api/v1/system`, `/api/v1/mining` and `/api/v1/info`; requested, each in turn, only while the pages
   * above show no machine: any page may be refused or late
   */
  systemAsic?: string
  apiV1System?: string
  apiV1Mining?: string
  apiV1Info?: string
  /** whether TCP 4433 accepts a connection */
  port4433?: boolean
  /** TCP 4433 `get.device.info`, the reply's text; requested only while nothing else names a firmware */
  deviceInfo4433?: string
}
