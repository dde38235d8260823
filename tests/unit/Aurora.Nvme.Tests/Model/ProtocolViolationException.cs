using System;

namespace Aurora.Nvme.Tests.Model;

/// <summary>The driver did something the specification forbids; the message says what.</summary>
public sealed class ProtocolViolationException(string message) : Exception(message);
