using System.Security.Cryptography;
using MfpClip.Imaging;

namespace MfpClip.Execution;

/// <summary>
/// Keeps what frozen networks have computed of images, so that it need not be computed again: of the last batch, while detectors are tested
/// together, or of every image, on disk, while modules are trained. Changes no value.
/// </summary>
/// <remarks>Safe for concurrent callers.</remarks>
public interface IFeatureStore
{
    /// <summary>What is known of these inputs, or is computed now and kept.</summary>
    /// <param name="key">What is computed, by which weights.</param>
    /// <param name="input">What it is computed of.</param>
    /// <param name="compute">A pure function of the inputs; the first axis of each result counts them.</param>
    /// <returns>Tensors of the caller's own, in its dispose scope, on the device that the key names.</returns>
    IReadOnlyList<Tensor> Get(FeatureKey key, FeatureInput input, Func<IReadOnlyList<Tensor>> compute);
}

/// <summary>Features by what they follow from: equal keys stand for equal values of the same inputs.</summary>
public sealed record FeatureKey
{
    /// <summary>Hash of the weights of the frozen network, with its settings; empty where <see cref="Instance"/> stands for it.</summary>
    public required string Network { get; init; }

    /// <summary>What is computed, with every setting that it depends on beside the network.</summary>
    public required string What { get; init; }

    /// <summary>Precision it is computed in.</summary>
    public required ScalarType Precision { get; init; }

    /// <summary>Where it is computed, as <c>Device.ToString()</c> says: results differ in rounding, and belong there.</summary>
    public required string Device { get; init; }

    /// <summary>
    /// An object of this process that stands for what computes where no hash of weights does; compared with <c>Equals</c>. Such features are
    /// kept in memory alone.
    /// </summary>
    public object? Instance { get; init; }
}

/// <summary>The inputs that features were computed of.</summary>
/// <param name="Shape">Shape and kind of one input; inputs of several shapes are stored beside each other.</param>
/// <param name="Contents">For each input text that is equal for equal inputs alone, such as a hash.</param>
public sealed record FeatureInput(string Shape, IReadOnlyList<string> Contents);

/// <summary>Names images and tensors for a feature store by what they hold.</summary>
internal static class FeatureInputs
{
    public static FeatureInput Of(ImageBatch images) => new($"{images.Width} x {images.Height} px", images.Contents);

    /// <summary>The first axis counts inputs.</summary>
    public static FeatureInput Of(Tensor tensor)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var rows = tensor.cpu().contiguous();
        return new(
            $"{tensor.dtype} {string.Join(" x ", tensor.shape.Skip(1))}",
            [.. Enumerable.Range(0, (int)rows.shape[0]).Select(i => Convert.ToHexStringLower(SHA256.HashData(rows[i].contiguous().bytes)))]);
    }
}
