using System;

namespace Aurora.Cli;

/// <summary>Something the user can understand and mend; printed without a stack trace.</summary>
internal class UserException : Exception
{
    public UserException()
    {
    }

    public UserException(string message)
        : base(message)
    {
    }

    public UserException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
