/** For the library that reads X-Forwarded-For: so many of those nearest to this process are believed. */
export const trustsNearest =
  (trustedProxies: number) =>
  (_address: string, hop: number): boolean =>
    hop < trustedProxies
