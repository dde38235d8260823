using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
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
    public void The_hash_of_names_of_every_length_is_SipHash_1_3()
    {
        for (int length = 0; length <= 40; length++)
        {
            byte[] name = [.. Enumerable.Range(1, length).Select(i => (byte)(i * 37))];
            Assert.Equal(Plain(3, 5, 77, name), NameHash.Of(3, 5, 77, name));
        }
    }

    [Fact]
    public void A_name_is_told_from_others_of_its_length_by_every_byte()
    {
        using var world = new FileWorld();
        for (int length = 1; length <= 60; length++)
        {
            byte[] name = [.. Enumerable.Repeat((byte)'n', length)];
            string path = "/" + Encoding.ASCII.GetString(name);
            world.WriteFile(path, ""u8);
            DirectoryEntry* entry = world.At(path)->FirstName;
            Assert.True(DirectoryEntry.IsNamed(entry, name));
            Assert.False(DirectoryEntry.IsNamed(entry, [.. name, (byte)'n']));
            for (int i = 0; i < length; i++)
            {
                name[i] = (byte)'m';
                Assert.False(DirectoryEntry.IsNamed(entry, name));
                name[i] = (byte)'n';
            }
        }
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

    // Word by word, as its paper has it.
    private static ulong Plain(ulong key0, ulong key1, ulong word, byte[] bytes)
    {
        byte[] message = new byte[(sizeof(ulong) + bytes.Length + sizeof(ulong)) / sizeof(ulong) * sizeof(ulong)];
        BitConverter.TryWriteBytes(message, word);
        bytes.CopyTo(message, sizeof(ulong));
        message[^1] = (byte)(sizeof(ulong) + bytes.Length);
        ulong[] v = [key0 ^ 0x736F6D6570736575, key1 ^ 0x646F72616E646F6D, key0 ^ 0x6C7967656E657261, key1 ^ 0x7465646279746573];
        for (int at = 0; at < message.Length; at += sizeof(ulong))
        {
            v[3] ^= BitConverter.ToUInt64(message, at);
            PlainRound(v);
            v[0] ^= BitConverter.ToUInt64(message, at);
        }
        v[2] ^= 0xFF;
        for (int round = 0; round < 3; round++)
            PlainRound(v);
        return v[0] ^ v[1] ^ v[2] ^ v[3];
    }

    private static void PlainRound(ulong[] v)
    {
        Mix(0, 1, 13, 32);
        Mix(2, 3, 16, 0);
        Mix(0, 3, 21, 0);
        Mix(2, 1, 17, 32);

        void Mix(int sum, int other, int turn, int turnOfSum)
        {
            unchecked
            {
                v[sum] += v[other];
            }
            v[other] = BitOperations.RotateLeft(v[other], turn) ^ v[sum];
            v[sum] = BitOperations.RotateLeft(v[sum], turnOfSum);
        }
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
