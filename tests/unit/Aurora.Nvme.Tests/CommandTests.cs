using Xunit;

namespace Aurora.Nvme.Tests;

public sealed class CommandTests
{
    [Fact]
    public void Transfers_carry_a_64_bit_address_and_a_zero_based_count()
    {
        SubmissionEntry write = IoCommands.Transfer(IoOpcode.Write, 3, 0x1_2345_6789, 0x1_0000);
        Assert.Equal(1, write.Opcode);
        Assert.Equal(3u, write.NamespaceId);
        Assert.Equal(0x2345_6789u, write.Dword10);
        Assert.Equal(1u, write.Dword11);
        Assert.Equal(0xFFFFu, write.Dword12);
        Assert.Equal(2, IoCommands.Transfer(IoOpcode.Read, 1, 0, 1).Opcode);
    }

    [Fact]
    public void Flush_names_its_namespace_and_nothing_else()
        => Assert.Equal(new SubmissionEntry { Opcode = 0, NamespaceId = 9 }, IoCommands.Flush(9));

    [Fact]
    public void Deallocate_is_one_range_with_the_AD_bit()
    {
        SubmissionEntry command = IoCommands.Deallocate(1, 0x1000);
        Assert.Equal(9, command.Opcode);
        Assert.Equal(0u, command.Dword10);
        Assert.Equal(4u, command.Dword11);
        Assert.Equal(0x1000ul, command.Prp1);
    }

    [Fact]
    public void Write_zeroes_does_not_deallocate()
    {
        SubmissionEntry command = IoCommands.WriteZeroes(1, 8, 16);
        Assert.Equal(8, command.Opcode);
        Assert.Equal(15u, command.Dword12);
    }

    [Fact]
    public void Queue_creation_codes_size_vector_and_completion_queue()
    {
        SubmissionEntry completion = AdminCommands.CreateCompletionQueue(2, 128, 0x5000, 7);
        Assert.Equal((5, 0x007F_0002u, 0x0007_0003u, 0x5000ul), (completion.Opcode, completion.Dword10, completion.Dword11, completion.Prp1));
        SubmissionEntry polled = AdminCommands.CreateCompletionQueue(1, 2, 0x5000, -1);
        Assert.Equal((0x0001_0001u, 1u), (polled.Dword10, polled.Dword11));
        SubmissionEntry submission = AdminCommands.CreateSubmissionQueue(2, 128, 0x6000);
        Assert.Equal((1, 0x007F_0002u, 0x0002_0001u, 0x6000ul), (submission.Opcode, submission.Dword10, submission.Dword11, submission.Prp1));
    }

    [Fact]
    public void Identify_features_and_deletion_use_the_specified_opcodes()
    {
        Assert.Equal((6, 1u), (AdminCommands.IdentifyController(0).Opcode, AdminCommands.IdentifyController(0).Dword10));
        Assert.Equal((6, 0u), (AdminCommands.IdentifyNamespace(1, 0).Opcode, AdminCommands.IdentifyNamespace(1, 0).Dword10));
        SubmissionEntry set = AdminCommands.SetFeature(FeatureId.NumberOfQueues, AdminCommands.QueueCountValue(4));
        Assert.Equal((9, 7u, 0x0003_0003u), (set.Opcode, set.Dword10, set.Dword11));
        Assert.Equal((10, 6u), (AdminCommands.GetFeature(FeatureId.VolatileWriteCache).Opcode, AdminCommands.GetFeature(FeatureId.VolatileWriteCache).Dword10));
        Assert.Equal((0, 5u), (AdminCommands.DeleteSubmissionQueue(5).Opcode, AdminCommands.DeleteSubmissionQueue(5).Dword10));
        Assert.Equal((4, 5u), (AdminCommands.DeleteCompletionQueue(5).Opcode, AdminCommands.DeleteCompletionQueue(5).Dword10));
    }

    [Fact]
    public void Completions_split_phase_and_status()
    {
        var completion = new CompletionEntry { StatusAndPhase = (0x4281 << 1) | 1 };
        Assert.True(completion.Phase);
        Assert.Equal(0x281, completion.Status.Number);
        Assert.True(completion.Status.DoNotRetry);
    }
}
