// USER or USER:GROUP as it is given to container tools, each a name or a number, against an image's /etc/passwd and /etc/group. A number
// needs no line in either. Who says no group gets the user's own, and those that list him.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Aurora.Images.Root;

/// <summary>Whom a program runs as.</summary>
/// <param name="UserId">The user.</param>
/// <param name="GroupId">The group.</param>
/// <param name="Groups">Further groups.</param>
/// <param name="Home">The home directory; null when /etc/passwd does not know the user.</param>
public sealed record GuestUser(uint UserId, uint GroupId, IReadOnlyList<uint> Groups, string? Home);

/// <summary>Looks users up.</summary>
public sealed class GuestUsers(string passwd, string group)
{
    private const int PasswdFields = 7;
    private const int GroupFields = 4;

    private readonly string[][] _users = Lines(passwd, PasswdFields);
    private readonly string[][] _groups = Lines(group, GroupFields);

    /// <summary>The user that is meant; throws, with the name, when there is none.</summary>
    public GuestUser Find(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? text : text[..colon];
        string? groupName = colon < 0 ? null : text[(colon + 1)..];
        // A name may look like a number: then the name is meant.
        string[]? line = _users.FirstOrDefault(user => user[0] == name)
            ?? (IdOf(name) is { } number ? _users.FirstOrDefault(user => IdOf(user[2]) == number) : null);
        uint id = (line == null ? IdOf(name) : IdOf(line[2])) ?? throw new ImageException($"the image has no user '{name}'");
        string? home = line?[5];
        if (groupName != null)
            return new GuestUser(id, GroupOf(groupName), [], home);
        uint[] further = line == null ? []
            : [.. _groups.Where(group => group[3].Split(',').Contains(line[0])).Select(group => IdOf(group[2])).OfType<uint>().Distinct()];
        return new GuestUser(id, line == null ? 0 : IdOf(line[3]) ?? 0, further, home);
    }

    private uint GroupOf(string name)
    {
        string[]? line = _groups.FirstOrDefault(group => group[0] == name);
        return (line == null ? IdOf(name) : IdOf(line[2])) ?? throw new ImageException($"the image has no group '{name}'");
    }

    private static uint? IdOf(string text)
        => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) && id != uint.MaxValue ? id : null;

    private static string[][] Lines(string text, int fields)
        => [.. text.Split('\n').Select(line => line.Split(':')).Where(line => line.Length >= fields && line[0].Length > 0)];
}
