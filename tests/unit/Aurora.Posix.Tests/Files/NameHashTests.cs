using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Posix.Tests.Files;

public sealed unsafe class NameHashTests
{
    private const uint Buckets = 1 << 15;

    // The reference implementation's vectors: key 00 to 0f, message 00, 01, … of this length.
    [Theory]
    [InlineData(8, 0x369095118D299A8E)]
    [InlineData(15, 0xD320D86D2A519956)]
    [InlineData(30, 0x540F11D643C5E663)]
    public void The_hash_is_SipHash_1_3(int length, ulong expected)
    {
        byte[] message = [.. Enumerable.Range(0, length).Select(i => (byte)i)];
        ulong word = BitConverter.ToUInt64(message);
        Assert.Equal(expected, NameHash.Of(0x0706050403020100, 0x0F0E0D0C0B0A0908, word, message.AsSpan(sizeof(ulong))));
    }

    [Fact]
    public void Names_chosen_to_collide_under_a_known_hash_do_not_make_long_chains_and_are_found_in_another_life()
    {
        using var world = new FileWorld();
        string[] names = [.. Colliding(world.Space->Root->Number, 300)];
        foreach (string name in names)
            world.WriteFile("/" + name, ""u8);
        List<int> chains = Chains(world, names);
        Assert.InRange(chains.GroupBy(chain => chain).Max(chain => chain.Count()), 1, 6);
        world.Checkpoint();
        using var restored = new FileWorld(world.Store);
        foreach (string name in names)
            Assert.True(restored.Exists("/" + name));
    }

    private static List<int> Chains(FileWorld world, string[] names)
    {
        var chains = new List<int>();
        foreach (string name in names)
        {
            FileCaller caller = world.Caller;
            Assert.Equal(
                Errno.Ok, world.Files.Names.Find(in caller, world.Space->Root, Encoding.ASCII.GetBytes(name), out DirectoryEntry* entry));
            chains.Add((int)(entry->Place >> 4) % (int)Buckets);
        }

        return chains;
    }

    // FNV-1a from the directory's id, as anybody can compute it.
    private static IEnumerable<string> Colliding(ulong directory, int count)
    {
        for (uint i = 0; count > 0; i++)
        {
            uint hash = 2166136261 ^ (uint)(directory * 2654435761);
            string name = $"{i:x}";
            foreach (char c in name)
                hash = (hash ^ c) * 16777619;
            if ((hash ^ (hash >> 15)) % Buckets != 7)
                continue;
            count--;
            yield return name;
        }
    }
}
