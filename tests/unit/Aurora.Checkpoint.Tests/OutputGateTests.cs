using System;
using System.Collections.Generic;
using Aurora.Base;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>What leaves a group leaves when the epoch that covers it is durable, and never before.</summary>
public sealed class OutputGateTests
{
    [Fact]
    public void Output_leaves_with_its_epoch()
    {
        OutputGate gate = default;
        gate.Hold(new Epoch(5), 100);
        gate.Hold(new Epoch(6), 250);
        Assert.Equal((0UL, 250UL), (gate.Released, gate.Newest));
        Assert.False(gate.Settle(new Epoch(4)));
        Assert.True(gate.Settle(new Epoch(5)));
        Assert.Equal(100UL, gate.Released);
        gate.Refuse(new Epoch(6));
        Assert.Equal(100UL, gate.Newest);
        gate.Hold(new Epoch(7), 300);
        Assert.True(gate.Settle(new Epoch(7)));
        Assert.Equal((300UL, 300UL), (gate.Released, gate.Newest));
        gate.Open(400);
        Assert.Equal(400UL, gate.Released);
    }

    /// <summary>Against a list of everything that was held.</summary>
    [Fact]
    public void Nothing_leaves_early_and_everything_leaves_in_the_end()
    {
        var random = new Random(1);
        for (int run = 0; run < 500; run++)
        {
            OutputGate gate = default;
            List<(ulong Epoch, ulong Position)> held = [];
            ulong epoch = 1, durable = 0, written = 0;
            for (int step = 0; step < 60; step++)
            {
                switch (random.Next(4))
                {
                    case 0:
                        written += (ulong)random.Next(5);
                        break;
                    case 1:
                        gate.Hold(new Epoch(epoch), written);
                        held.Add((epoch, written));
                        break;
                    case 2:
                        epoch++;
                        break;
                    default:
                        durable += (ulong)random.Next((int)(epoch - durable));
                        gate.Settle(new Epoch(durable));
                        break;
                }
                ulong allowed = 0;
                foreach ((ulong of, ulong position) in held)
                    allowed = of <= durable ? Math.Max(allowed, position) : allowed;
                Assert.InRange(gate.Released, 0UL, allowed);
                Assert.True(gate.Newest <= written);
            }
            gate.Hold(new Epoch(epoch), written);
            gate.Settle(new Epoch(epoch));
            Assert.Equal(written, gate.Released);
        }
    }
}
