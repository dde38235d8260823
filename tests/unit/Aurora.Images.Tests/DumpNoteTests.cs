using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Images.Tests;

/// <summary>What core files say of threads and processes, by the offsets of Linux's structures.</summary>
public sealed unsafe class DumpNoteTests : IDisposable
{
    private const ulong Stack = 0x7000_0000;
    private const int RegistersOffset = 112;
    private const int Mxcsr = 24;
    private const int Xmm = 160;
    private const int InUse = 512;
    private const int UpperYmm = 576;

    private readonly string _folder = Directory.CreateTempSubdirectory("aurora-dump-").FullName;
    private readonly byte[] _data = Encoding.UTF8.GetBytes("data of a file");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void All_threads_have_their_registers_and_the_one_that_leads_comes_first()
    {
        using CoreReader core = Dump(held =>
        {
            Thread* init = held.StartInit("threads");
            held.Map(init, Stack, 1, Protection.Read | Protection.Write);
            Thread* second = held.StartThread(init);
            Thread* third = held.StartThread(second);
            Fill(init, 0x1000);
            Fill(second, 0x2000);
            Fill(third, 0x3000);
            second->BlockedSignals = SignalSet.Of(Signal.SIGINT);
            third->UserNanoseconds = 7_500_000_000;
            foreach (nint thread in (nint[])[(nint)init, (nint)second, (nint)third])
                held.MarkChanged((Thread*)thread);
        });
        CoreNote[] threads = core.AllOf(1);
        Assert.Equal([1, 2, 3], threads.Select(note => note.Int(32)));
        for (int thread = 0; thread < 3; thread++)
        {
            Assert.Equal(("CORE", 336), (threads[thread].Owner, threads[thread].Contents.Length));
            ulong[] registers = [.. Enumerable.Range(0, 27).Select(index => threads[thread].Word(RegistersOffset + (8 * index)))];
            ulong[] expected = [.. Enumerable.Range(0, 27).Select(index => index < 23 ? (ulong)((0x1000 * (thread + 1)) + index) : 0UL)];
            Assert.Equal(expected, registers);
            Assert.Equal((1, 1, 1), (threads[thread].Int(328), threads[thread].Int(40), threads[thread].Int(44)));
        }
        Assert.Equal((2UL, 7UL, 500_000UL), (threads[1].Word(24), threads[2].Word(48), threads[2].Word(56)));
        // A thread's other notes follow its own before the next one's.
        Assert.Equal([1u, 2, 0x202, 3, 1, 2, 0x202, 1, 2, 0x202], core.Notes.Select(note => note.Type));
    }

    [Fact]
    public void Extended_registers_are_shown_and_unused_components_as_they_begin()
    {
        using CoreReader core = Dump(held =>
        {
            Thread* init = held.StartInit("registers");
            held.Map(init, Stack, 1, Protection.Read | Protection.Write);
            Thread* second = held.StartThread(init);
            byte* image = init->Context->ExtendedState;
            for (int i = 0; i < InUse; i++)
                image[i] = (byte)(i is >= Mxcsr and < Mxcsr + 4 ? 0 : i * 7);
            *(ulong*)(image + InUse) = HeldImage.Components;
            image[UpperYmm] = 0xAB;
            // What an instruction that saves only what is in use leaves of earlier contents.
            new Span<byte>(second->Context->ExtendedState, InUse).Fill(0xFF);
            *(uint*)(second->Context->ExtendedState + Mxcsr) = 0x1FA0;
            *(ulong*)(second->Context->ExtendedState + InUse) = 0;
            held.MarkChanged(init);
            held.MarkChanged(second);
        });
        CoreNote[] legacy = core.AllOf(2);
        CoreNote[] whole = core.AllOf(0x202);
        Assert.Equal((512, 832, "LINUX"), (legacy[0].Contents.Length, whole[0].Contents.Length, whole[0].Owner));
        Assert.Equal(Enumerable.Range(Xmm, 256).Select(index => (byte)(index * 7)), legacy[0].Contents.Skip(Xmm).Take(256));
        Assert.Equal((0xAB, HeldImage.Components), (whole[0].Contents[UpperYmm], whole[0].Word(464)));
        Assert.Equal(HeldImage.Components, whole[0].Word(InUse));
        Assert.Equal((0x37F, 0x1F80), (legacy[1].Int(0), legacy[1].Int(Mxcsr)));
        Assert.All(legacy[1].Contents[32..416].Concat(legacy[1].Contents[4..24]), each => Assert.Equal(0, each));
    }

    [Fact]
    public void The_process_its_arguments_its_auxiliary_vector_and_its_files_are_told()
    {
        ulong[] vector = [6, 4096, 9, 0x401000, 0, 0];
        using CoreReader core = Dump(held =>
        {
            Thread* init = held.StartInit("program");
            Process* process = init->Process;
            held.Map(init, Stack, 2, Protection.Read | Protection.Write);
            held.Write(init, Stack + 0xFF8, Encoding.UTF8.GetBytes("program\0-x\0two words\0"));
            (process->ArgumentsStart, process->ArgumentsEnd) = (Stack + 0xFF8, Stack + 0xFF8 + 21);
            held.Write(init, Stack + 0x100, MemoryMarshal.AsBytes(vector.AsSpan()));
            (process->StackStart, process->AuxiliaryWords) = (Stack, 32);
            process->Credentials.RealUid = 77;
            process->Nice = -5;
            held.Map(init, 0x6000_0000, 1, Protection.Read, "/lib/data");
            held.Map(init, 0x6100_0000, 3, Protection.Read | Protection.Write, "/lib/data");
            init->Call = new CallContinuation { Active = true, Number = 35 };
            held.MarkChanged(init);
        });
        CoreNote about = core.Note(3);
        Assert.Equal((1, (byte)'S', 0, unchecked((byte)-5)), (about.Contents[0], about.Contents[1], about.Contents[2], about.Contents[3]));
        Assert.Equal((77, 1, 0, 1), (about.Int(16), about.Int(24), about.Int(28), about.Int(32)));
        Assert.Equal(("program", "program -x two words"), (about.Text(40, 16), about.Text(56, 80)));
        Assert.Equal(MemoryMarshal.AsBytes(vector.AsSpan()).ToArray(), core.Note(6).Contents);
        CoreNote files = core.Note(0x46494C45);
        ulong[] words = [.. Enumerable.Range(0, 8).Select(index => files.Word(8 * index))];
        Assert.Equal([2, 4096, 0x6000_0000, 0x6000_1000, 0, 0x6100_0000, 0x6100_3000, 0], words);
        Assert.Equal("/lib/data\0/lib/data", files.Text(64, files.Contents.Length - 64));
    }

    [Fact]
    public void What_a_program_has_unmapped_is_left_out()
    {
        using CoreReader core = Dump(held =>
        {
            Thread* init = held.StartInit("bare");
            Process* process = init->Process;
            (process->ArgumentsStart, process->ArgumentsEnd) = (Stack, Stack + 21);
            (process->StackStart, process->AuxiliaryWords) = (Stack, 32);
            held.MarkChanged(init);
        });
        Assert.Equal("bare", core.Note(3).Text(56, 80));
        Assert.Empty(core.AllOf(6));
        Assert.Empty(core.AllOf(0x46494C45));
        Assert.Empty(core.Memory);
    }

    private static void Fill(Thread* thread, ulong first)
    {
        ulong* registers = (ulong*)thread->Context;
        for (int index = 0; index < 21; index++)
            registers[index] = first + (ulong)index;
        (thread->Context->FsBase, thread->Context->GsBase) = (first + 21, first + 22);
    }

    private CoreReader Dump(Action<HeldImage> build)
    {
        string image;
        using (HeldImage held = HeldImage.Create(_folder, _data))
        {
            image = held.Path;
            build(held);
            held.Checkpoint();
        }
        Assert.Empty(DiskImage.Check(image).Faults);
        string core = Path.Combine(_folder, "core");
        DiskImage.Dump(image, 1, core);
        return new CoreReader(core);
    }
}
