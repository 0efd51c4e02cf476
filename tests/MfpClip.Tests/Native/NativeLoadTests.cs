using TorchSharp;

namespace MfpClip.Tests.Native;

public class NativeLoadTests
{
    [Fact]
    public void Tensors_can_be_made_on_this_machine()
    {
        using var scope = torch.NewDisposeScope();
        var product = torch.ones(2, 3).matmul(torch.ones(3, 2));
        Assert.Equal(3f, product[0, 1].item<float>());
    }
}
