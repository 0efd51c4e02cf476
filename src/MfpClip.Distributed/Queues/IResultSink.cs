namespace MfpClip.Distributed;

/// <summary>Where results and reasons are stored, each once. Safe for concurrent callers.</summary>
public interface IResultSink
{
    /// <summary>Stores a result where none has its key yet, atomically.</summary>
    /// <param name="result">The result.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Whether it was stored; false: there is one already, which stays.</returns>
    /// <exception cref="WorkException">It cannot be stored.</exception>
    Task<bool> CreateAsync(WorkResult result, CancellationToken cancellationToken = default);

    /// <summary>Whether there is a result with a key.</summary>
    /// <param name="key">The work's key.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<bool> ExistsAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>Reads a result.</summary>
    /// <param name="key">The work's key.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The result; <see langword="null"/> where there is none.</returns>
    /// <exception cref="WorkException">It is damaged.</exception>
    Task<WorkResult?> ReadAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>Keys of all results.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    IAsyncEnumerable<string> ReadKeysAsync(CancellationToken cancellationToken = default);

    /// <summary>Stores why a message is given up, once for its name.</summary>
    /// <param name="dead">The reason.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Whether it was stored; false: there is one already, which stays.</returns>
    Task<bool> AddDeadAsync(DeadItem dead, CancellationToken cancellationToken = default);

    /// <summary>Why a message was given up; <see langword="null"/> where it was not.</summary>
    /// <param name="id">Name of the message (<see cref="WorkItem.Id"/>).</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<DeadItem?> ReadDeadAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Everything that was given up.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    IAsyncEnumerable<DeadItem> ReadAllDeadAsync(CancellationToken cancellationToken = default);
}
