# frozen_string_literal: true

# Verifies a webhook with Ruby's standard library (3.1 and newer): by the secret (v1) or the public key (v1a).
require 'openssl'

TOLERANCE_SECONDS = 300

# body: the bytes as they came. keys: "whsec_…" and "whpk_…", several while one is being replaced.
def genuine?(body, id, timestamp, signature, keys)
  return false unless timestamp.match?(/\A[0-9]{1,12}\z/)
  return false if (Time.now.to_i - timestamp.to_i).abs > TOLERANCE_SECONDS

  text = "#{id}.#{timestamp}.".b + body.b
  signature.split(' ').any? do |each|
    version, encoded = each.split(',', 2)
    given = encoded.to_s.unpack1('m0')
    keys.any? { |key| matches?(version, key, given, text) }
  rescue ArgumentError
    false # not base64
  end
end

def matches?(version, key, given, text)
  kind, encoded = key.split('_', 2)
  raw = encoded.unpack1('m0')
  case [version, kind]
  when %w[v1 whsec]
    wanted = OpenSSL::HMAC.digest('SHA256', raw, text)
    given.bytesize == wanted.bytesize && OpenSSL.fixed_length_secure_compare(given, wanted)
  when %w[v1a whpk]
    # What stands before the 32 bytes of an ed25519 key in a SubjectPublicKeyInfo.
    spki = ['302a300506032b6570032100'].pack('H*') + raw
    given.bytesize == 64 && OpenSSL::PKey.read(spki).verify(nil, given, text)
  else
    false
  end
end

# ruby verify_webhook.rb ID TIMESTAMP SIGNATURE KEY… <body
if $PROGRAM_NAME == __FILE__
  id, timestamp, signature, *keys = ARGV
  ok = genuine?($stdin.binmode.read, id, timestamp, signature, keys)
  puts(ok ? 'genuine' : 'not genuine')
  exit(ok)
end
