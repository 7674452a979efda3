/** The value of an `Authorization` header, in UTF-8. @see RFC 7617. */
export function basicAuthorization(credentials: { username: string; password: string }): string {
  const { username, password } = credentials;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
