/** A password for users of htpasswd files. */
export const KNOWN_PASSWORD = 'right';

/** Its bcrypt hash, of cost 10. */
export const KNOWN_HASH = '$2b$10$gt7V1jpH9GRg//LGDYKvcOzVg6Ejcd15vvTzGCnveMSslkVts4CB6';
