/** How a page asks its own server: with the session's token where something is done, past no cache, to nowhere else. */
export function asking(method, csrf, { timeout, signal, headers = {}, body }) {
  const limit = AbortSignal.timeout(timeout);
  const request = {
    method,
    headers: { ...headers, ...(method === "POST" ? { "X-Veil-CSRF": csrf } : {}) },
    credentials: "same-origin",
    cache: "no-store",
    redirect: "error",
    referrerPolicy: "no-referrer",
    signal: signal ? AbortSignal.any([limit, signal]) : limit,
  };
  if (body === undefined) return request;
  return { ...request, headers: { ...request.headers, "Content-Type": "application/json" }, body: JSON.stringify(body) };
}
