using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Aurora.Base;
using Aurora.Linux.Elf;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Testing;
using Xunit;

namespace Aurora.Linux.Tests;

public sealed unsafe class ExecTests
{
    private const ulong Scratch = TestKernel.Scratch;

    internal static long? Execute(TestKernel kernel, Thread* thread, string path, string[] arguments, string[] environment)
    {
        ulong text = Scratch + 0x1000;
        ulong vector = Scratch + 0x200;
        ulong argv = vector;
        foreach (string[] list in new[] { arguments, environment })
        {
            foreach (string item in list)
            {
                kernel.Poke(thread, vector, kernel.PokeText(thread, text, item));
                text += (ulong)Encoding.UTF8.GetByteCount(item) + 1;
                vector += 8;
            }
            kernel.Poke(thread, vector, 0UL);
            vector += 8;
        }
        ulong envp = argv + (((ulong)arguments.Length + 1) * 8);
        return kernel.Call(thread, 59, kernel.PokeText(thread, text, path), argv, envp);
    }

    private static (string[] Arguments, string[] Environment, Dictionary<ulong, ulong> Auxiliary) ReadStack(TestKernel kernel, Thread* thread)
    {
        ulong at = thread->Context->Rsp;
        Assert.Equal(0UL, at % 16);
        var lists = new List<string>[] { [], [] };
        ulong count = kernel.Peek<ulong>(thread, at);
        at += 8;
        foreach (List<string> list in lists)
        {
            for (ulong word; (word = kernel.Peek<ulong>(thread, at)) != 0; at += 8)
                list.Add(kernel.PeekText(thread, word));
            at += 8;
        }
        Assert.Equal(count, (ulong)lists[0].Count);
        var auxiliary = new Dictionary<ulong, ulong>();
        for (ulong type; (type = kernel.Peek<ulong>(thread, at)) != 0; at += 16)
            auxiliary[type] = kernel.Peek<ulong>(thread, at + 8);
        return ([.. lists[0]], [.. lists[1]], auxiliary);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_static_program_starts_with_its_arguments_and_zeroed_data(bool isRelocatable)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/prog", ElfBuilder.Build(isRelocatable));
        Thread* thread = kernel.Fork(init);
        Assert.NotNull(Execute(kernel, thread, "/prog", ["prog", "one", ""], ["A=1", "B=2"]));
        var (arguments, environment, auxiliary) = ReadStack(kernel, thread);
        Assert.Equal(["prog", "one", ""], arguments);
        Assert.Equal(["A=1", "B=2"], environment);
        ulong bias = thread->Context->Rip - ElfBuilder.EntryOffset;
        Assert.Equal(auxiliary[9], thread->Context->Rip);
        Assert.Equal(bias + 64, auxiliary[3]);
        Assert.Equal(4096UL, auxiliary[6]);
        Assert.Equal("/prog", kernel.PeekText(thread, auxiliary[31]));
        Assert.Equal("x86_64", kernel.PeekText(thread, auxiliary[15]));
        Assert.NotEqual(0UL, kernel.Peek<ulong>(thread, auxiliary[25]));
        Assert.Equal(TestClockSource.Bytes[0], kernel.Peek<byte>(thread, auxiliary[33]));
        ulong data = bias + 0x2100;
        Assert.Equal(0xAA, kernel.Peek<byte>(thread, data + 0xFF));
        for (ulong offset = 0x100; offset < ElfBuilder.ZeroedBytes; offset += 0x80)
            Assert.Equal(0, kernel.Peek<byte>(thread, data + offset));
        kernel.Poke(thread, data, 1);
        Assert.Equal(0xC3, kernel.Peek<byte>(thread, thread->Context->Rip));
        Assert.True(kernel.Do(thread, 12, 0) >= (long)(data + ElfBuilder.ZeroedBytes));
    }

    [Fact]
    public void Execution_resets_what_it_must_and_keeps_the_rest()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/prog", ElfBuilder.Build());
        Thread* thread = kernel.Fork(init);
        kernel.Poke(thread, Scratch, new SignalAction { Handler = 0x40_0000, Flags = SignalAction.HasRestorer });
        kernel.Do(thread, 13, (ulong)Signal.SIGUSR1, Scratch, 0, 8);
        kernel.Poke(thread, Scratch, new SignalAction { Handler = SignalAction.Ignore });
        kernel.Do(thread, 13, (ulong)Signal.SIGUSR2, Scratch, 0, 8);
        kernel.Do(thread, 37, 100);
        const ulong flags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000;
        Thread* second = kernel.ThreadOf(kernel.Do(thread, 56, flags, Scratch + 0x8000));
        kernel.Resume(second);
        int id = thread->Process->Id;
        Assert.NotNull(Execute(kernel, second, "/prog", ["x"], []));
        Assert.Equal(1, second->Process->ThreadCount);
        Assert.Equal(id, second->Id);
        Assert.True(kernel.ThreadOf(id) == second);
        Assert.Equal(SignalAction.Default, SignalActions.Of(second->Process->Actions, Signal.SIGUSR1)->Handler);
        Assert.Equal(SignalAction.Ignore, SignalActions.Of(second->Process->Actions, Signal.SIGUSR2)->Handler);
        Assert.Equal(100, kernel.Do(second, 37, 0));
        kernel.Do(second, 157, 16, second->Context->Rsp - 64);
        Assert.Equal("prog", kernel.PeekText(second, second->Context->Rsp - 64));
    }

    [Fact]
    public void A_vfork_child_gives_the_memory_back_when_it_executes()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/prog", ElfBuilder.Build());
        Assert.Null(kernel.Call(init, 58));
        Thread* child = kernel.ThreadOf(2);
        kernel.Resume(child);
        Assert.NotNull(Execute(kernel, child, "/prog", ["x"], []));
        Assert.Equal(2, kernel.Resume(init));
        Assert.True(child->Process->AddressSpace != init->Process->AddressSpace);
    }

    [Fact]
    public void Scripts_run_their_interpreter()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/prog", ElfBuilder.Build());
        kernel.WriteFile("/script", "#! /prog  -x y \nrest"u8);
        kernel.WriteFile("/outer", "#!/script"u8);
        Thread* thread = kernel.Fork(init);
        Assert.NotNull(Execute(kernel, thread, "/outer", ["zero", "one"], []));
        Assert.Equal(["/prog", "-x y", "/script", "/outer", "one"], ReadStack(kernel, thread).Arguments);
    }

    [Fact]
    public void A_dynamic_program_starts_in_its_linker()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/ld", ElfBuilder.Build(isRelocatable: true));
        kernel.WriteFile("/prog", ElfBuilder.Build(isRelocatable: true, interpreter: "/ld"));
        Thread* thread = kernel.Fork(init);
        Assert.NotNull(Execute(kernel, thread, "/prog", ["x"], []));
        var auxiliary = ReadStack(kernel, thread).Auxiliary;
        Assert.Equal(auxiliary[7] + ElfBuilder.EntryOffset, thread->Context->Rip);
        Assert.NotEqual(auxiliary[9], thread->Context->Rip);
    }

    [Theory]
    [InlineData("/none", Errno.ENOENT)]
    [InlineData("/", Errno.EACCES)]
    [InlineData("/data", Errno.EACCES)]
    [InlineData("/empty", Errno.ENOEXEC)]
    [InlineData("/text", Errno.ENOEXEC)]
    [InlineData("/loop", Errno.ELOOP)]
    [InlineData("/missing-interpreter", Errno.ENOENT)]
    [InlineData("/missing-linker", Errno.ENOENT)]
    public void A_failed_execve_leaves_the_caller_as_it_was(string path, Errno error)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/data", ElfBuilder.Build(), 0x81A4);
        kernel.WriteFile("/empty", default);
        kernel.WriteFile("/text", "hello"u8);
        kernel.WriteFile("/loop", "#!/loop"u8);
        kernel.WriteFile("/missing-interpreter", "#!/none\n"u8);
        kernel.WriteFile("/missing-linker", ElfBuilder.Build(true, "/none"));
        Thread* thread = kernel.Fork(init);
        int objects = kernel.Tracker.Count;
        ulong space = thread->Context->PageTableRoot;
        Assert.Equal(-(long)error, Execute(kernel, thread, path, ["x"], []));
        Assert.Equal(space, thread->Context->PageTableRoot);
        Assert.Equal(objects, kernel.Tracker.Count);
    }

    [Fact]
    public void The_real_busybox_loads()
    {
        if (!File.Exists("/bin/busybox"))
            return;
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/busybox", File.ReadAllBytes("/bin/busybox"));
        Thread* thread = kernel.Fork(init);
        Assert.NotNull(Execute(kernel, thread, "/busybox", ["busybox", "sh"], ["PATH=/bin"]));
        Assert.Equal(["busybox", "sh"], ReadStack(kernel, thread).Arguments);
        Assert.NotEqual(0, kernel.Peek<byte>(thread, thread->Context->Rip));
    }
}
