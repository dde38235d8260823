using System;
using System.Collections.Generic;
using Aurora.Posix.Files;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>
/// Opening FIFOs: who waits, who is interrupted or killed meanwhile, and what the others then find, over restores too, against a model of
/// Linux's fifo_open.
/// </summary>
public sealed unsafe class FifoTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Text = Scratch + 0x100;
    private const ulong Data = Scratch + 0x8000;
    private const ulong NonBlocking = 0x800;
    private const int Programs = 4;

    // What Linux keeps of a FIFO: its ends, and how often each has been opened.
    private sealed class Model
    {
        public int Readers, Writers, Bytes;
        public uint Reads, Writes;
    }

    private sealed class End
    {
        public bool Reads, Writes;

        /// <summary>How often the other end had been opened when this one began to wait for it; null: it does not wait.</summary>
        public uint? Awaited;

        /// <summary>Opened for reading before there was a writer: how often writers had come by then.</summary>
        public uint? WritesBefore;
        public ulong Descriptor;
    }

    private sealed class Program(int id)
    {
        public int Id { get; } = id;
        public List<End> Ends { get; } = [];
        public End? Opening { get; set; }
    }

    private sealed class History : IDisposable
    {
        private readonly Random _random;
        private readonly Model _fifo = new();
        private readonly List<Program> _programs = [];
        private TestKernel _kernel = new();

        public History(int seed)
        {
            _random = new Random(seed);
            Thread* init = _kernel.Boot();
            _kernel.Do(init, 14, 0, _kernel.PokeMask(init, Signal.SIGPIPE), 0, 8);
            Handlers.Catch(_kernel, init, Signal.SIGUSR1);
            _kernel.Do(init, 133, _kernel.PokeText(init, Text, "/fifo"), 0x11B6, 0);
            for (int i = 0; i < Programs; i++)
                Start();
        }

        public int Waits { get; private set; }
        public int Interruptions { get; private set; }

        private Thread* Init => _kernel.ThreadOf(1);

        public void Dispose() => _kernel.Dispose();

        public void Step()
        {
            Program program = _programs[_random.Next(_programs.Count)];
            int choice = _random.Next(100);
            if (choice < 4)
                Move();
            else if (choice < 8)
                Kill(program);
            else if (program.Opening != null)
                GoOn(program, interrupts: choice < 40);
            else if (program.Ends.Count == 0 || choice < 40)
                Open(program);
            else
                Use(program, program.Ends[_random.Next(program.Ends.Count)], choice);
        }

        private void Start()
        {
            Thread* child = _kernel.Fork(Init);
            _programs.Add(new Program(child->Process->Id));
        }

        private void Move()
        {
            TestKernel.Image image = _kernel.Source ?? new TestKernel.Image();
            // They run without being picked.
            _kernel.Tracker.MarkChanged(&Init->Header);
            foreach (Program program in _programs)
                _kernel.Tracker.MarkChanged(&_kernel.ThreadOf(program.Id)->Header);
            _kernel.Capture(image);
            _kernel.Dispose();
            _kernel = TestKernel.Restore(image);
        }

        private void Kill(Program program)
        {
            _kernel.Do(Init, 62, (ulong)program.Id, (ulong)Signal.SIGKILL);
            Assert.Null(_kernel.Resume(_kernel.ThreadOf(program.Id)));
            Assert.Equal(program.Id, _kernel.Do(Init, 61, (ulong)program.Id));
            foreach (End end in program.Ends)
                Close(end);
            if (program.Opening != null)
                Close(program.Opening);
            _programs.Remove(program);
            Start();
        }

        private void Open(Program program)
        {
            int mode = _random.Next(8) switch { < 4 => 0, < 7 => 1, _ => 2 };
            bool waits = _random.Next(4) != 0;
            Thread* thread = _kernel.ThreadOf(program.Id);
            ulong path = _kernel.PokeText(thread, Text, "/fifo");
            var end = new End { Reads = mode != 1, Writes = mode != 0 };
            long? result = _kernel.Call(thread, 2, path, (uint)mode | (waits ? 0 : NonBlocking));
            if (!end.Reads && !waits && _fifo.Readers == 0)
            {
                Assert.Equal(-(long)Errno.ENXIO, result);
                return;
            }
            Count(end, 1);
            if (end.Reads != end.Writes && (end.Reads ? _fifo.Writers : _fifo.Readers) == 0)
            {
                if (waits)
                    end.Awaited = Opens(end);
                else
                    end.WritesBefore = _fifo.Writes;
            }
            program.Opening = end;
            Waits += end.Awaited != null ? 1 : 0;
            Check(program, result);
        }

        // How often the end that this one waits for has been opened.
        private uint Opens(End end) => end.Reads ? _fifo.Writes : _fifo.Reads;

        private bool IsOpen(End end) => end.Awaited is not { } awaited || awaited != Opens(end);

        private void Check(Program program, long? result)
        {
            End end = program.Opening!;
            if (!IsOpen(end))
            {
                Assert.Null(result);
                return;
            }
            Assert.True(result >= 0, $"the open came to {result}");
            end.Descriptor = (ulong)result!.Value;
            program.Ends.Add(end);
            program.Opening = null;
        }

        private void GoOn(Program program, bool interrupts)
        {
            Thread* thread = _kernel.ThreadOf(program.Id);
            if (!interrupts)
            {
                Check(program, _kernel.Resume(thread));
                return;
            }
            _kernel.Do(Init, 62, (ulong)program.Id, (ulong)Signal.SIGUSR1);
            thread = _kernel.ThreadOf(program.Id);
            Assert.NotNull(_kernel.Resume(thread));
            long? result = Handlers.Return(_kernel, thread);
            if (IsOpen(program.Opening!))
            {
                Check(program, result);
                return;
            }
            Interruptions++;
            Assert.Equal(-(long)Errno.EINTR, result);
            Close(program.Opening!);
            program.Opening = null;
        }

        private void Use(Program program, End end, int choice)
        {
            Thread* thread = _kernel.ThreadOf(program.Id);
            if (choice < 85)
            {
                Assert.Equal(0, _kernel.Do(thread, 3, end.Descriptor));
                program.Ends.Remove(end);
                Close(end);
            }
            else if (end.Writes && choice % 2 == 0)
            {
                bool isBroken = _fifo.Readers == 0;
                Assert.Equal(isBroken ? -(long)Errno.EPIPE : 1, _kernel.Call(thread, 1, end.Descriptor, Data, 1));
                _fifo.Bytes += isBroken ? 0 : 1;
            }
            else if (end.Reads)
            {
                Read(thread, end);
            }
        }

        private void Read(Thread* thread, End end)
        {
            bool hangsUp = _fifo.Writers == 0 && end.WritesBefore != _fifo.Writes;
            PollEvents expected = (_fifo.Bytes > 0 ? PollEvents.In : PollEvents.None) | (hangsUp ? PollEvents.HangUp : PollEvents.None);
            _kernel.Poke(thread, Data, end.Descriptor | (1UL << 32));
            _kernel.Do(thread, 7, Data, 1, 0);
            Assert.Equal(expected, (PollEvents)(_kernel.Peek<ulong>(thread, Data) >> 48));
            if (_fifo.Bytes == 0 && _fifo.Writers > 0)
                return;
            Assert.Equal(Math.Min(_fifo.Bytes, 2), _kernel.Call(thread, 0, end.Descriptor, Data, 2));
            _fifo.Bytes -= Math.Min(_fifo.Bytes, 2);
        }

        private void Close(End end)
        {
            Count(end, -1);
            if (_fifo.Readers == 0 && _fifo.Writers == 0)
                _fifo.Bytes = 0;
        }

        private void Count(End end, int change)
        {
            _fifo.Readers += end.Reads ? change : 0;
            _fifo.Writers += end.Writes ? change : 0;
            _fifo.Reads += end.Reads && change > 0 ? 1U : 0;
            _fifo.Writes += end.Writes && change > 0 ? 1U : 0;
        }
    }

    [Fact]
    public void Openers_that_wait_are_interrupted_killed_and_restored_as_on_Linux()
    {
        int waits = 0, interruptions = 0;
        for (int seed = 0; seed < 30; seed++)
        {
            using var history = new History(seed);
            int step = 0;
            try
            {
                for (; step < 150; step++)
                    history.Step();
            }
            catch (Xunit.Sdk.XunitException failure)
            {
                Assert.Fail($"seed {seed}, step {step}: {failure.Message}");
            }
            waits += history.Waits;
            interruptions += history.Interruptions;
        }
        Assert.True(waits > 75 && interruptions > 20, $"{waits} waits, {interruptions} interruptions");
    }

    /// <summary>An open that is interrupted has come and gone: the next pair that meets at the FIFO does not hear of it.</summary>
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    public void An_interrupted_open_leaves_nothing_to_another_pair(int interrupted, bool meetsFirst)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Handlers.Catch(kernel, init, Signal.SIGUSR1);
        kernel.Do(init, 133, kernel.PokeText(init, Text, "/fifo"), 0x11B6, 0);
        Thread* first = kernel.Fork(init);
        Thread* reader = kernel.Fork(init);
        Thread* writer = kernel.Fork(init);
        Assert.Null(kernel.Call(first, 2, kernel.PokeText(first, Text, "/fifo"), (ulong)interrupted));
        Thread* early = interrupted == 0 ? reader : writer;
        if (meetsFirst)
            Assert.Null(kernel.Call(early, 2, kernel.PokeText(early, Text, "/fifo"), (ulong)interrupted));
        kernel.Do(init, 62, (ulong)first->Process->Id, (ulong)Signal.SIGUSR1);
        Assert.NotNull(kernel.Resume(first));
        Assert.Equal(-(long)Errno.EINTR, Handlers.Return(kernel, first));
        if (!meetsFirst)
            Assert.Null(kernel.Call(early, 2, kernel.PokeText(early, Text, "/fifo"), (ulong)interrupted));
        Thread* late = interrupted == 0 ? writer : reader;
        ulong lateEnd = (ulong)kernel.Do(late, 2, kernel.PokeText(late, Text, "/fifo"), (ulong)(1 - interrupted));
        ulong earlyEnd = (ulong)kernel.Resume(early)!.Value;
        (ulong readEnd, ulong writeEnd) = interrupted == 0 ? (earlyEnd, lateEnd) : (lateEnd, earlyEnd);
        Assert.Null(kernel.Call(reader, 0, readEnd, Data, 4));
        Assert.Equal(1, kernel.Do(writer, 1, writeEnd, Data, 1));
        Assert.Equal(1, kernel.Resume(reader));
    }

    /// <summary>Linux takes the descriptor first: nobody hears of an open that gets none, and nothing is made or cut by it.</summary>
    [Fact]
    public void An_open_without_a_free_descriptor_has_opened_nothing()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/full", "text"u8, 0x81B6);
        kernel.Do(init, 133, kernel.PokeText(init, Text, "/fifo"), 0x11B6, 0);
        Thread* reader = kernel.Fork(init);
        Thread* writer = kernel.Fork(init);
        Assert.Null(kernel.Call(reader, 2, kernel.PokeText(reader, Text, "/fifo"), 0));
        kernel.Poke(writer, Data, 0UL);
        kernel.Poke(writer, Data + 8, 0UL);
        kernel.Do(writer, 160, 7, Data);
        Assert.Equal(-(long)Errno.EMFILE, kernel.Call(writer, 2, kernel.PokeText(writer, Text, "/fifo"), OpenFlags.WriteOnly));
        Assert.Null(kernel.Resume(reader));
        ulong cuts = OpenFlags.WriteOnly | OpenFlags.Truncate;
        Assert.Equal(-(long)Errno.EMFILE, kernel.Call(writer, 2, kernel.PokeText(writer, Text, "/full"), cuts));
        ulong makes = OpenFlags.WriteOnly | OpenFlags.Create;
        Assert.Equal(-(long)Errno.EMFILE, kernel.Call(writer, 2, kernel.PokeText(writer, Text, "/new"), makes, 0x1B6));
        Assert.Equal(-(long)Errno.ENOENT, kernel.Call(init, 2, kernel.PokeText(init, Text, "/new"), 0));
        ulong full = (ulong)kernel.Do(init, 2, kernel.PokeText(init, Text, "/full"), 0);
        Assert.Equal(4, kernel.Do(init, 0, full, Data, 10));
        Assert.Equal((long)full + 1, kernel.Do(init, 2, kernel.PokeText(init, Text, "/fifo"), OpenFlags.WriteOnly));
        Assert.Equal(0, kernel.Resume(reader));
    }
}
