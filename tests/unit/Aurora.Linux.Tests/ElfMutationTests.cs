using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.Linux.Tests;

/// <summary>
/// Damaged executables through the whole of execve. Whatever it makes of one, the caller lives or has been replaced, what was loaded can be touched and
/// described, and nothing is left of it afterwards.
/// </summary>
public sealed unsafe class ElfMutationTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const int Rounds = 1500;

    // What the headers of the small programs span: file header, up to four program headers, the interpreter's name.
    private const int HeaderBytes = 0x1A0;

    private static readonly ulong[] _interesting =
    [
        0, 1, 2, 3, 6, 7, 8, 56, 64, 0xFFF, 0x1000, 0x1001, 0x1200, 0x2100, 0x40_0000, 0x40_1000, 0x7FFF_FFFF, 0xFFFF_FFFF, 1UL << 32, 1UL << 40, 1UL << 46,
        0x7FFF_FFFF_F000, 0x7FFF_FFFF_FFFF, 0x8000_0000_0000, 1UL << 63, ulong.MaxValue, ulong.MaxValue - 0xFFF, 0x6474_E551, 0x6474_E552,
    ];

    private readonly ITestOutputHelper _output;

    public ElfMutationTests(ITestOutputHelper output) => _output = output;

    [Theory]
    [InlineData("static")]
    [InlineData("relocatable")]
    [InlineData("interpreted")]
    [InlineData("interpreter")]
    public void No_damage_harms_the_kernel(string kind)
    {
        byte[] good = ElfBuilder.Build(isRelocatable: kind is "relocatable" or "interpreter", kind == "interpreted" ? "/linker" : null);
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/linker", ElfBuilder.Build(isRelocatable: true));
        kernel.WriteFile("/user", ElfBuilder.Build(interpreter: "/prog"));
        Inode* file = kernel.WriteFile("/prog", good);
        string program = kind == "interpreter" ? "/user" : "/prog";
        var random = new Random(kind.Length);
        Round(kernel, init, program);
        (int objects, ulong frames) = (kernel.Tracker.Count, kernel.Frames.UsedFrames);
        int loaded = 0;
        for (int round = 0; round < Rounds; round++)
        {
            byte[] bad = Damage(good, random);
            Replace(kernel, file, bad);
            try
            {
                loaded += Round(kernel, init, program) ? 1 : 0;
            }
            catch (PanicException panic)
            {
                throw new InvalidOperationException($"round {round}: {panic.Message}: {Convert.ToHexString(bad.AsSpan(0, Math.Min(bad.Length, HeaderBytes)))}", panic);
            }
        }
        Replace(kernel, file, good);
        Assert.True(Round(kernel, init, program), "the program itself no longer runs");
        Assert.Equal(objects, kernel.Tracker.Count);
        Assert.InRange(kernel.Frames.UsedFrames, 0UL, frames + 16);
        Assert.InRange(loaded, Rounds / 50, Rounds - 1);
        _output.WriteLine($"attack: damaged executables: {Rounds} cases, {loaded} loaded, {Rounds - loaded} refused");
    }

    private static byte[] Damage(byte[] good, Random random)
    {
        byte[] bad = (byte[])good.Clone();
        for (int changes = random.Next(1, 5); changes > 0; changes--)
        {
            int at = random.Next(HeaderBytes);
            switch (random.Next(5))
            {
                case 0:
                    bad[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bad[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    BitConverter.TryWriteBytes(bad.AsSpan(at & ~3), (uint)_interesting[random.Next(_interesting.Length)]);
                    break;
                case 3:
                    // A whole program header over another.
                    bad.AsSpan(64 + (56 * random.Next(4)), 56).CopyTo(bad.AsSpan(64 + (56 * random.Next(4))));
                    break;
                default:
                    BitConverter.TryWriteBytes(bad.AsSpan(at & ~7), _interesting[random.Next(_interesting.Length)]);
                    break;
            }
        }
        return random.Next(12) == 0 ? bad[..random.Next(bad.Length)] : bad;
    }

    private static void Replace(TestKernel kernel, Inode* file, byte[] bytes)
    {
        Assert.True(kernel.Files.Data.Truncate(file, 0).IsOk);
        Assert.Equal(Errno.Ok, new TreeBuilder(kernel.Files, kernel.Names).Write(file, 0, bytes));
    }

    // True when the program was loaded. Its process has ended either way.
    private static bool Round(TestKernel kernel, Thread* init, string program)
    {
        Thread* thread = kernel.Fork(init);
        long? result = ExecTests.Execute(kernel, thread, program, ["x"], ["Y=1"]);
        Assert.NotNull(result);
        bool isLoaded = thread->Process->HasExecuted;
        Assert.NotEqual(isLoaded, result < 0);
        if (isLoaded)
            Touch(kernel, thread);
        if (kernel.Pids.FindThread(thread->Id) == thread)
            kernel.Call(thread, 231, 0);
        Assert.True(kernel.Do(init, 61, ulong.MaxValue, 0, 0, 0) > 1);
        return isLoaded;
    }

    // The entry, the stack, both ends of every mapping, and what /proc says of them.
    private static void Touch(TestKernel kernel, Thread* thread)
    {
        var places = new List<ulong> { thread->Context->Rip, thread->Context->Rsp };
        for (int i = 0; i < thread->Process->AddressSpace->MappingCount; i++)
        {
            Memory.Mapping* mapping = MappingTable.At(thread->Process->AddressSpace, i);
            places.Add(mapping->Start.Value);
            places.Add(mapping->End.Value - 1);
        }
        foreach (ulong place in places)
        {
            kernel.User.Read(thread->Process->AddressSpace, new VirtualAddress(place), out byte value);
            kernel.User.Write(thread->Process->AddressSpace, new VirtualAddress(place), in value);
        }
        ulong text = thread->Context->Rsp & ~0xFFFUL;
        if (!kernel.User.Write(thread->Process->AddressSpace, new VirtualAddress(text), "/proc/self/maps\0"u8).IsOk)
            return;
        long? descriptor = kernel.Call(thread, 2, text, 0);
        if (descriptor >= 0)
            kernel.Call(thread, 0, (ulong)descriptor.Value, text, 512);
    }
}
