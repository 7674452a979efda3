/** What must not be told of the value of an `Authorization` header: the token, or the password in all its forms. */
export function secretsOfAuthorization(
  authorization: string | readonly string[] | undefined,
): readonly string[] {
  return [authorization ?? []].flat().flatMap((value) => {
    const [scheme = '', secret = ''] = value.split(' ', 2);
    if (scheme.toLowerCase() !== 'basic') return [secret];
    const decoded = Buffer.from(secret, 'base64').toString();
    return [secret, decoded.slice(decoded.indexOf(':') + 1)];
  });
}
