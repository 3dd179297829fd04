// Verifies a webhook with Go's standard library: by the secret (v1) or the public key (v1a).
package main

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

const tolerance = 300 * time.Second

// IsGenuine takes the body's bytes as they came; keys are "whsec_…" and "whpk_…", several while one is being replaced.
func IsGenuine(body []byte, id, timestamp, signature string, keys []string) bool {
	seconds, err := strconv.ParseUint(timestamp, 10, 40)
	if err != nil || time.Since(time.Unix(int64(seconds), 0)).Abs() > tolerance {
		return false
	}
	text := append([]byte(id+"."+timestamp+"."), body...)
	for _, each := range strings.Split(signature, " ") {
		version, encoded, _ := strings.Cut(each, ",")
		given, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			continue
		}
		for _, key := range keys {
			if matches(version, key, given, text) {
				return true
			}
		}
	}
	return false
}

func matches(version, key string, given, text []byte) bool {
	kind, encoded, _ := strings.Cut(key, "_")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return false
	}
	switch {
	case version == "v1" && kind == "whsec":
		mac := hmac.New(sha256.New, raw)
		mac.Write(text)
		return hmac.Equal(given, mac.Sum(nil))
	case version == "v1a" && kind == "whpk" && len(raw) == ed25519.PublicKeySize:
		return ed25519.Verify(raw, text, given)
	}
	return false
}

// go run verify_webhook.go ID TIMESTAMP SIGNATURE KEY… <body
func main() {
	body, err := io.ReadAll(os.Stdin)
	if err != nil || len(os.Args) < 5 || !IsGenuine(body, os.Args[1], os.Args[2], os.Args[3], os.Args[4:]) {
		fmt.Println("not genuine")
		os.Exit(1)
	}
	fmt.Println("genuine")
}
