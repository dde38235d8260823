// The documents of an image, read without trust: what has another form than it should is an ImageException with the document's place.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace Aurora.Images.Oci;

/// <summary>Reads members of JSON documents; a member that is absent or null reads as empty.</summary>
internal static class OciJson
{
    public static JsonElement Parse(byte[] document, string place)
    {
        try
        {
            return JsonDocument.Parse(document).RootElement;
        }
        catch (JsonException failure)
        {
            throw new ImageException($"{place} is not JSON: {failure.Message}", failure);
        }
    }

    public static JsonElement Member(JsonElement element, string name, string place) => element.ValueKind switch
    {
        JsonValueKind.Undefined => default,
        JsonValueKind.Object => FindMember(element, name, place) is { ValueKind: not JsonValueKind.Null } member ? member : default,
        _ => throw new ImageException($"{place}: an object should be where {name} is looked for"),
    };

    public static string Text(JsonElement element, string name, string place)
        => Member(element, name, place) is { ValueKind: not JsonValueKind.Undefined } member ? TextOf(member, name, place) : "";

    public static IReadOnlyList<string> Texts(JsonElement element, string name, string place)
        => [.. Items(element, name, place).Select(item => TextOf(item, name, place))];

    public static IEnumerable<JsonElement> Items(JsonElement element, string name, string place)
        => ItemsOf(Member(element, name, place), name, place);

    public static IEnumerable<JsonElement> ItemsOf(JsonElement list, string name, string place) => list.ValueKind switch
    {
        JsonValueKind.Undefined => [],
        JsonValueKind.Array => list.EnumerateArray(),
        _ => throw new ImageException($"{place}: {name} is not a list"),
    };

    public static long? Number(JsonElement element, string name, string place)
    {
        JsonElement member = Member(element, name, place);
        if (member.ValueKind == JsonValueKind.Undefined)
            return null;
        return member.ValueKind == JsonValueKind.Number && member.TryGetInt64(out long value) && value >= 0
            ? value : throw new ImageException($"{place}: {name} is not a length");
    }

    // Names can have escapes that stand for what is no text.
    private static JsonElement FindMember(JsonElement element, string name, string place)
    {
        try
        {
            return element.TryGetProperty(name, out JsonElement member) ? member : default;
        }
        catch (InvalidOperationException failure)
        {
            throw new ImageException($"{place}: an object has a name that is not text", failure);
        }
    }

    private static string TextOf(JsonElement element, string name, string place)
    {
        string? text = element.ValueKind == JsonValueKind.String ? ReadText(element, name, place) : null;
        bool isText = text != null && !text.Contains('\0', StringComparison.Ordinal);
        return isText ? text! : throw new ImageException($"{place}: {name} is not text");
    }

    // Escapes can stand for what is no text.
    private static string? ReadText(JsonElement element, string name, string place)
    {
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException failure)
        {
            throw new ImageException($"{place}: {name} is not text", failure);
        }
    }
}
