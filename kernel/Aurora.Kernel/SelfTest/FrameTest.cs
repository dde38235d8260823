using Aurora.Base;
using Aurora.Core;
using Aurora.Memory;

namespace Aurora.Kernel;

/// <summary>The frame allocator on the machine's own memory: every frame is usable, distinct and comes back.</summary>
internal static unsafe class FrameTest
{
    public static void Run(BareMachine machine)
    {
        KernelFrames frames = machine.Frames;
        ulong free = frames.FreeFrames;
        ulong chain = 0;
        ulong count = 0;
        for (; ; count++)
        {
            FrameNumber frame = frames.Allocate(FrameFlags.Data);
            if (frame.Value == 0)
                break;
            ((ulong*)frames.AddressOf(frame))[0] = chain;
            ((ulong*)frames.AddressOf(frame))[1] = ~frame.Value;
            chain = frame.Value;
        }
        SelfTest.Expect(count, free, "frames handed out"u8);
        while (chain != 0)
        {
            var frame = new FrameNumber(chain);
            var words = (ulong*)frames.AddressOf(frame);
            SelfTest.Expect(words[1], ~chain, "a frame's contents"u8);
            chain = words[0];
            frames.Release(frame);
        }
        SelfTest.Expect(frames.FreeFrames, free, "free frames afterwards"u8);
        void* run = machine.Pages.Allocate(513);
        Panic.Unless(run != null, "selftest: no contiguous memory after everything came back"u8);
        machine.Pages.Free(run, 513);
        SelfTest.Expect(frames.FreeFrames, free, "free frames after a run"u8);
        SelfTest.Passed("frames"u8);
    }
}
