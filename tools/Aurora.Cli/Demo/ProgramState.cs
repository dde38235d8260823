using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Aurora.Cli.Demo;

/// <summary>What a program of the demo says of itself (guests/programs/together/server.js).</summary>
/// <param name="Pid">Its process.</param>
/// <param name="Identity">What it drew or noted in its memory when it was started, and would draw anew if it were started again.</param>
/// <param name="UptimeSeconds">How long it has been running, by its own reckoning.</param>
/// <param name="Count">How many words it has.</param>
/// <param name="Digest">SHA-256 of these, in hexadecimal: each with a line feed, in the order of their numbers.</param>
internal sealed record ProgramState(
    [property: JsonRequired] int Pid,
    [property: JsonRequired] string Identity,
    [property: JsonRequired, JsonPropertyName("uptime")] long UptimeSeconds,
    [property: JsonRequired] int Count,
    [property: JsonRequired] string Digest)
{
    private static readonly JsonSerializerOptions _options = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true };

    private static readonly string[] _programs = ["node", "redis", "postgres"];

    /// <summary>The programs and their states; null when this is no such text, or one of them is missing.</summary>
    public static IReadOnlyDictionary<string, ProgramState>? TryParse(string json)
    {
        try
        {
            Dictionary<string, ProgramState?> states = JsonSerializer.Deserialize<Dictionary<string, ProgramState?>>(json, _options) ?? [];
            return _programs.All(name => states.GetValueOrDefault(name) != null)
                ? _programs.ToDictionary(name => name, name => states[name]!)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
