using System;
using Aurora.Base;
using Aurora.Posix.Threads;

namespace Aurora.Checkpoint.Tests;

/// <summary>A processor with x87, SSE and AVX: XMM and MXCSR go between context and image, the rest is in the image alone.</summary>
internal sealed unsafe class FakeExtendedState : ExtendedStateUnit
{
    private const int MxcsrOffset = 24;
    private const int XmmOffset = 160;
    private const int HeaderOffset = 512;

    public override ulong ComponentMask => 7;

    public override int ImageBytes => 832;

    public override uint MxcsrMask => 0xFFFF;

    public override void Save(UserContext* context)
    {
        *(uint*)(context->ExtendedState + MxcsrOffset) = context->Mxcsr;
        new ReadOnlySpan<byte>(context->Xmm, 256).CopyTo(new Span<byte>(context->ExtendedState + XmmOffset, 256));
        *(ulong*)(context->ExtendedState + HeaderOffset) = ComponentMask;
    }

    public override void Load(UserContext* context)
    {
        context->Mxcsr = *(uint*)(context->ExtendedState + MxcsrOffset);
        new ReadOnlySpan<byte>(context->ExtendedState + XmmOffset, 256).CopyTo(new Span<byte>(context->Xmm, 256));
    }

    public override void Reset(UserContext* context)
    {
        new Span<byte>(context->ExtendedState, UserContext.ExtendedStateBytes).Clear();
        new Span<byte>(context->Xmm, 256).Clear();
        context->Mxcsr = 0x1F80;
    }

    public override void Forget(UserContext* context)
    {
    }
}
