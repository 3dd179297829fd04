<?php

declare(strict_types=1);

/*
 * Verifies a webhook with PHP (8.0 and newer) alone: by the secret (v1) or, with its bundled sodium, the public key (v1a).
 */

const TOLERANCE_SECONDS = 300;

/**
 * @param string   $body the bytes as they came: file_get_contents('php://input')
 * @param string[] $keys "whsec_…" and "whpk_…", several while one is being replaced
 */
function is_genuine(string $body, string $id, string $timestamp, string $signature, array $keys): bool
{
    if (preg_match('/\A[0-9]{1,12}\z/', $timestamp) !== 1) {
        return false;
    }
    if (abs(time() - (int) $timestamp) > TOLERANCE_SECONDS) {
        return false;
    }
    $text = "{$id}.{$timestamp}.{$body}";
    foreach (explode(' ', $signature) as $each) {
        [$version, $encoded] = explode(',', $each, 2) + ['', ''];
        $given = base64_decode($encoded, true);
        foreach ($keys as $key) {
            if ($given !== false && matches($version, $key, $given, $text)) {
                return true;
            }
        }
    }
    return false;
}

function matches(string $version, string $key, string $given, string $text): bool
{
    [$kind, $encoded] = explode('_', $key, 2) + ['', ''];
    $raw = (string) base64_decode($encoded, true);
    if ($version === 'v1' && $kind === 'whsec' && $raw !== '') {
        return hash_equals(hash_hmac('sha256', $text, $raw, true), $given);
    }
    return $version === 'v1a' && $kind === 'whpk'
        && strlen($given) === SODIUM_CRYPTO_SIGN_BYTES && strlen($raw) === SODIUM_CRYPTO_SIGN_PUBLICKEYBYTES
        && sodium_crypto_sign_verify_detached($given, $text, $raw);
}

// php verify_webhook.php ID TIMESTAMP SIGNATURE KEY… <body
if (PHP_SAPI === 'cli' && realpath($argv[0]) === __FILE__) {
    [, $id, $timestamp, $signature] = $argv;
    $genuine = is_genuine((string) file_get_contents('php://stdin'), $id, $timestamp, $signature, array_slice($argv, 4));
    echo $genuine ? "genuine\n" : "not genuine\n";
    exit($genuine ? 0 : 1);
}
