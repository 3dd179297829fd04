import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Verifies a webhook with the JDK (17 and newer): by the secret (v1) or the public key (v1a). */
public final class VerifyWebhook {
  private static final long TOLERANCE_SECONDS = 300;
  /** What stands before the 32 bytes of an ed25519 key in a SubjectPublicKeyInfo. */
  private static final byte[] ED25519_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

  /**
   * @param body the bytes as they came
   * @param keys "whsec_…" and "whpk_…", several while one is being replaced
   */
  public static boolean isGenuine(byte[] body, String id, String timestamp, String signature, List<String> keys)
      throws GeneralSecurityException {
    if (!timestamp.matches("[0-9]{1,12}")) return false;
    long age = System.currentTimeMillis() / 1000 - Long.parseLong(timestamp);
    if (Math.abs(age) > TOLERANCE_SECONDS) return false;
    byte[] text = concat((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8), body);
    for (String each : signature.split(" ")) {
      String[] parts = each.split(",", 2);
      if (parts.length < 2) continue;
      byte[] given;
      try {
        given = Base64.getDecoder().decode(parts[1]);
      } catch (IllegalArgumentException notBase64) {
        continue;
      }
      for (String key : keys) if (matches(parts[0], key, given, text)) return true;
    }
    return false;
  }

  private static boolean matches(String version, String key, byte[] given, byte[] text)
      throws GeneralSecurityException {
    byte[] raw = Base64.getDecoder().decode(key.substring(key.indexOf('_') + 1));
    if (version.equals("v1") && key.startsWith("whsec_")) {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(raw, "HmacSHA256"));
      return MessageDigest.isEqual(given, mac.doFinal(text)); // in constant time
    }
    if (!version.equals("v1a") || !key.startsWith("whpk_") || given.length != 64) return false;
    Signature ed25519 = Signature.getInstance("Ed25519");
    ed25519.initVerify(
        KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(concat(ED25519_PREFIX, raw))));
    ed25519.update(text);
    return ed25519.verify(given);
  }

  private static byte[] concat(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  /** java VerifyWebhook.java ID TIMESTAMP SIGNATURE KEY… &lt;body */
  public static void main(String[] args) throws Exception {
    List<String> keys = Arrays.asList(args).subList(3, args.length);
    boolean genuine = isGenuine(System.in.readAllBytes(), args[0], args[1], args[2], keys);
    System.out.println(genuine ? "genuine" : "not genuine");
    System.exit(genuine ? 0 : 1);
  }
}
