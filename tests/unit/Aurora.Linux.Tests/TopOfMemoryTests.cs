using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Programs at the very end of user space: what execve accepts a restore accepts.</summary>
public sealed unsafe class TopOfMemoryTests
{
    private const ulong LastPage = AddressSpace.UserEnd - 4096;

    [Fact]
    public void A_program_that_ends_where_user_space_ends_runs_and_comes_back()
    {
        var image = new TestKernel.Image();
        int id;
        using (var kernel = new TestKernel())
        {
            Thread* init = kernel.Boot();
            kernel.WriteFile("/top", OnePageProgram());
            Thread* user = kernel.Fork(init);
            id = user->Id;
            Assert.Equal(0, kernel.Call(user, 59, kernel.PokeText(user, TestKernel.Scratch, "/top"), 0, 0));
            Assert.Equal(AddressSpace.UserEnd, user->Process->AddressSpace->BreakStart.Value);
            Assert.Equal((long)AddressSpace.UserEnd, kernel.Do(user, 12, 0));
            Assert.Equal((long)AddressSpace.UserEnd, kernel.Do(user, 12, AddressSpace.UserEnd + 4096));
            kernel.Capture(image);
        }
        using TestKernel restored = TestKernel.Restore(image);
        Thread* again = restored.ThreadOf(id);
        Assert.Equal(AddressSpace.UserEnd, again->Process->AddressSpace->BreakStart.Value);
        Assert.Equal((long)AddressSpace.UserEnd, restored.Do(again, 12, 0));
    }

    // A page that is its own ELF file: header, one loadable segment, for (;;) pause().
    private static byte[] OnePageProgram()
    {
        byte[] file = new byte[4096];
        "\u007FELF\u0002\u0001\u0001"u8.CopyTo(file);
        Put(file, 16, (ushort)2);
        Put(file, 18, (ushort)62);
        Put(file, 20, 1);
        Put(file, 24, LastPage + 0x100);
        Put(file, 32, 64UL);
        Put(file, 52, (ushort)64);
        Put(file, 54, (ushort)56);
        Put(file, 56, (ushort)1);
        Put(file, 64, 1);
        Put(file, 68, 5);
        Put(file, 80, LastPage);
        Put(file, 96, 4096UL);
        Put(file, 104, 4096UL);
        Put(file, 112, 4096UL);
        new byte[] { 0xB8, 0x22, 0, 0, 0, 0x0F, 0x05, 0xEB, 0xF7 }.CopyTo(file, 0x100);
        return file;
    }

    private static void Put(byte[] file, int at, ushort value) => BitConverter.GetBytes(value).CopyTo(file, at);

    private static void Put(byte[] file, int at, int value) => BitConverter.GetBytes(value).CopyTo(file, at);

    private static void Put(byte[] file, int at, ulong value) => BitConverter.GetBytes(value).CopyTo(file, at);
}
