using MfpClip.Tensors;
using MfpClip.Weights;

namespace MfpClip.Backbones.Clip.Loading;

/// <summary>
/// Brings a file's tensors into a model, one at a time, so that no second copy of the file is ever in memory: the peak is the model in its
/// number format and the largest tensor.
/// </summary>
internal static class ClipWeightLoader
{
    /// <exception cref="WeightsMismatchException">Lists every tensor that is missing, unexpected or of the wrong shape.</exception>
    public static ParameterSet Load(
        IWeightFile file, ClipTensorNames names, ClipConfig config, Device device, ScalarType precision, CancellationToken cancellationToken)
    {
        var shapes = ClipShapes.Of(config).ToList();
        Check(file, names, shapes);
        var parameters = new ParameterSet();
        try
        {
            using var guard = torch.no_grad();
            foreach (var (name, shape) in shapes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var scope = torch.NewDisposeScope();
                parameters.Add(name, Read(file, names.Origins[name], shape, device, precision));
            }

            return parameters;
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }

    private static Tensor Read(IWeightFile file, TensorOrigin origin, long[] shape, Device device, ScalarType precision)
    {
        if (origin is { Sources: [var only], Transposed: false } && file.Tensors[only].Type == precision && device.type == DeviceType.CPU)
        {
            return Finite(file, only).reshape(shape);
        }

        // The place first, what is read for it after: the allocator then gets its temporary memory back whole.
        var place = torch.empty(shape, precision, device);
        var target = origin.Transposed ? place.t() : place;
        long at = 0;
        foreach (string source in origin.Sources)
        {
            using var scope = torch.NewDisposeScope();
            var part = Finite(file, source);
            var slot = origin.Sources.Count == 1 ? target : target.narrow(0, at, part.shape[0]);
            slot.copy_(part.reshape(slot.shape));
            at += part.dim() > 0 ? part.shape[0] : 0;
        }

        return place;
    }

    private static Tensor Finite(IWeightFile file, string name)
    {
        var tensor = file.Read(name);
        var (least, most) = tensor.aminmax(); // NaN goes through both
        return (least.isfinite() & most.isfinite()).item<bool>() ? tensor : throw new WeightsException(
            file.Path, $"tensor '{name}' holds values that are not finite (NaN or infinity). The file is damaged; get it again.");
    }

    private static void Check(IWeightFile file, ClipTensorNames names, List<(string Name, long[] Shape)> shapes)
    {
        var (missing, wrong) = (new List<string>(), new List<string>());
        foreach (var (name, shape) in shapes)
        {
            if (!names.Origins.TryGetValue(name, out var origin))
            {
                missing.Add(name);
                continue;
            }

            missing.AddRange(origin.Sources.Where(s => !file.Tensors.ContainsKey(s)));
            var found = origin.Sources.Where(file.Tensors.ContainsKey).Select(s => file.Tensors[s].Shape).ToList();
            var part = shape.ToArray();
            if (origin.Sources.Count > 1)
            {
                part[0] /= origin.Sources.Count;
            }

            foreach (var actual in found)
            {
                if (!(origin.Transposed ? actual.Reverse() : actual).SequenceEqual(part) && !(shape.Length == 0 && actual.Aggregate(1L, (a, b) => a * b) == 1))
                {
                    wrong.Add($"{name} is [{string.Join(", ", actual)}], the model needs [{string.Join(", ", origin.Transposed ? part.Reverse() : part)}]");
                }
            }
        }

        var known = shapes.Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        var unexpected = names.Unknown.Concat(names.Origins.Where(o => !known.Contains(o.Key)).SelectMany(o => o.Value.Sources)).Order(StringComparer.Ordinal).ToList();
        if (missing.Count + wrong.Count + unexpected.Count > 0)
        {
            throw new WeightsMismatchException(file.Path, missing, unexpected, wrong);
        }
    }
}
